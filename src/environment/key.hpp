// A key of the environment document: where it may stand, how it is read and refused, what of it counts for
// which tables, how it is planned, described and written. A key is a struct that holds what was read, in a
// file of src/keys/ that nothing else names.
#pragma once

#include "pg/context.hpp"
#include "request/environment_path.hpp"

namespace dj_deploy {

struct Draft;
struct Description;

// Where a key stands. What may stand at a schema may stand at a pattern of schemas.
enum class Level { document, schema, table };

// clang-format off
template <class K>
concept DocumentKey =
    std::is_trivially_copyable_v<K> && std::is_trivially_destructible_v<K> &&
    requires(const K value, const Path &path, const JsonValue &json, Level level, Draft &draft, Description &description)
    {
        { K::name } -> std::convertible_to<const char *>;
        // Where it may stand: an array of levels.
        { K::levels[0] } -> std::convertible_to<Level>;
        // Keys are planned and described one after another, the lowest turn first.
        { K::turn } -> std::convertible_to<int>;
        // Reads and checks what stands there; looks at no catalog. 22023 with the path.
        { K::read(path, json, level) } -> std::same_as<K>;
        // The same as read() takes it.
        { value.write() } -> std::same_as<::JsonbValue>;
        // Adds the changes that bring the database from what it is to what the document says, with effects and
        // undo. Called whether the document has the key or not.
        { K::plan(draft) } -> std::same_as<void>;
        // Says what the described schemas and their tables are. NOTICE for what there are no words for.
        { K::describe(description) } -> std::same_as<void>;
    };

// What stands there is an object whose members count one by one: this, and what a weaker one says besides.
template <class K>
concept HasMembers = requires(const K value) { { value.over(value) } -> std::same_as<K>; };

// What is said of a schema counts for its hidden tables, too.
template <class K>
concept CountsForHidden = requires { requires K::counts_for_hidden; };

// Whether what is said of a partitioned table counts for the partitions below it; without this it does.
template <class K>
concept SaysWhatCountsBelow = requires(const K value) { { value.counts_below() } -> std::same_as<bool>; };
// clang-format on

// A key without its type.
struct Key {
    const char *name;
    std::span<const Level> levels;
    int turn;
    bool has_members;
    bool counts_for_hidden;
    const void *(*read)(const Path &path, const JsonValue &json, Level level);
    ::JsonbValue (*write)(const void *value);
    const void *(*over)(const void *stronger, const void *weaker);
    bool (*counts_below)(const void *value);
    void (*plan)(Draft &draft);
    void (*describe)(Description &description);

    bool is_at(Level level) const { return std::find(levels.begin(), levels.end(), level) != levels.end(); }
};

// All keys, in no order that means anything.
std::span<const Key *const> declared_keys();

// All keys, the lowest turn first.
Array<const Key *> all_keys();

template <DocumentKey K>
inline constexpr Key key_of = {
    .name = K::name,
    .levels = K::levels,
    .turn = K::turn,
    .has_members = HasMembers<K>,
    .counts_for_hidden = CountsForHidden<K>,
    .read = [](const Path &path, const JsonValue &json, Level level) -> const void * {
        return keep_value(K::read(path, json, level));
    },
    .write = [](const void *value) { return static_cast<const K *>(value)->write(); },
    .over = [](const void *stronger, const void *weaker) -> const void * {
        if constexpr (HasMembers<K>)
            return keep_value(static_cast<const K *>(stronger)->over(*static_cast<const K *>(weaker)));
        return stronger;
    },
    .counts_below =
        [](const void *value) {
            if constexpr (SaysWhatCountsBelow<K>)
                return static_cast<const K *>(value)->counts_below();
            return true;
        },
    .plan = K::plan,
    .describe = K::describe,
};

} // namespace dj_deploy

// Makes the key one of all_keys(): the linker puts what stands in this section into one list.
#define DJ_DEPLOY_KEY(K)                                                                                     \
    [[gnu::section("dj_deploy_keys"), gnu::used]] static const dj_deploy::Key *const registered_key =        \
        &dj_deploy::key_of<K>
