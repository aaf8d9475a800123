// Tables that are alike often follow each other: what is made for one serves for the next.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// What was made of the last key.
template <class Key, class Value>
struct Memo {
    std::optional<Key> last = {};
    Value value = {};

    // Calls make() if the key is another one than the last.
    template <class Make>
    const Value &of(const Key &key, Make &&make)
    {
        if (last != key) {
            value = make();
            last = key;
        }
        return value;
    }
};

} // namespace dj_deploy
