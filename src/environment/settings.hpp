// What the document says at one place: a value for each key that stands there.
#pragma once

#include "environment/key.hpp"

namespace dj_deploy {

struct KeyedValue {
    const Key *key;
    const void *value; // as the key has read it
};

struct Settings {
    Array<KeyedValue> all; // each key once

    // Null for a key that does not stand there.
    const void *find(const Key &key) const;

    template <DocumentKey K>
    const K *find() const
    {
        return static_cast<const K *>(find(key_of<K>));
    }

    // Instead of what was there.
    void set(const Key &key, const void *value);

    template <DocumentKey K>
    void set(const K &value)
    {
        set(key_of<K>, keep_value(value));
    }

    // These, and what the weaker ones say besides.
    void add_weaker(const Settings &weaker);
};

} // namespace dj_deploy
