#include "rampart/core/metadata_value.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using rp::metadata;
using rp::metadata_value;

bool same(metadata_value const& a, metadata_value const& b) { return a == b; }

constexpr char const* long_text = "a text that is too long for the small buffer of a string";

/// A value of every kind, and empty ones of those that can be.
std::vector<metadata_value> one_of_each() {
    std::vector<metadata_value> all;
    all.emplace_back(nullptr);
    all.emplace_back(true);
    all.emplace_back(-2);
    all.emplace_back(std::numeric_limits<std::uint64_t>::max());
    all.emplace_back(0.5);
    all.emplace_back(rp::big_integer{"-1180591620717411303424"});
    all.emplace_back(long_text);
    all.emplace_back(metadata::array{1, long_text, metadata::array{}});
    all.emplace_back(metadata{{"key", long_text}, {"inner", metadata{{"deep", 1}}}});
    all.emplace_back("");
    all.emplace_back(metadata::array{});
    all.emplace_back(metadata{});
    return all;
}
/// The question `is_*` to which a value says yes; all of them when there are more.
std::string kind_of(metadata_value const& v) {
    std::string said;
    if (v.is_null()) said += "null";
    if (v.is_bool()) said += "bool";
    if (v.is_int64()) said += "int64";
    if (v.is_uint64()) said += "uint64";
    if (v.is_double()) said += "double";
    if (v.is_big_integer()) said += "big_integer";
    if (v.is_string()) said += "string";
    if (v.is_array()) said += "array";
    if (v.is_object()) said += "object";
    return said;
}
/// What a visit says: the kind by its type, and the value again.
struct visitor {
    std::string* kind = nullptr;
    metadata_value operator()(std::nullptr_t v) const { return said("null", v); }
    metadata_value operator()(bool const& v) const { return said("bool", v); }
    metadata_value operator()(std::int64_t const& v) const { return said("int64", v); }
    metadata_value operator()(std::uint64_t const& v) const { return said("uint64", v); }
    metadata_value operator()(double const& v) const { return said("double", v); }
    metadata_value operator()(rp::big_integer const& v) const { return said("big_integer", v); }
    metadata_value operator()(std::string const& v) const { return said("string", v); }
    metadata_value operator()(metadata::array const& v) const { return said("array", v); }
    metadata_value operator()(metadata const& v) const { return said("object", v); }

private:
    template <class T>
    metadata_value said(char const* name, T const& v) const {
        *kind = name;
        return metadata_value(v);
    }
};

}  // namespace

TEST_CASE("a value of any kind is assigned over one of any other, by copy and by move") {
    auto const all = one_of_each();
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (std::size_t j = 0; j < all.size(); ++j) {
            CAPTURE(i);
            CAPTURE(j);
            CHECK(same(all[i], all[j]) == (i == j));
            metadata_value copied = all[i];
            metadata_value from = all[j];
            copied = from;
            CHECK(same(copied, all[j]));
            CHECK(same(from, all[j]));
            CHECK(kind_of(copied) == kind_of(all[j]));
            metadata_value moved = all[i];
            moved = std::move(from);
            CHECK(same(moved, all[j]));
            CHECK(kind_of(moved) == kind_of(all[j]));
            CHECK(kind_of(from) == "null");
            from = all[i];  // what was moved from can be used again
            CHECK(same(from, all[i]));
            std::swap(from, moved);
            CHECK(same(from, all[j]));
            CHECK(same(moved, all[i]));
        }
    }
}

TEST_CASE("a copy of a value shares nothing with it, and a move takes what is inside and leaves null") {
    auto const all = one_of_each();
    for (metadata_value const& each : all) {
        metadata_value first = each;
        metadata_value const copy(first);
        CHECK(same(copy, each));
        metadata_value const moved(std::move(first));
        CHECK(same(moved, each));
        CHECK(kind_of(first) == "null");
    }
    metadata_value list = metadata::array{long_text};
    auto const* const place = list.as_array().data();
    metadata_value const taken = std::move(list);
    CHECK(taken.as_array().data() == place);
    metadata_value const copy = taken;
    CHECK(copy.as_array().data() != place);
}

TEST_CASE("a value is assigned to itself, by copy and by move") {
    auto const all = one_of_each();
    for (metadata_value const& each : all) {
        metadata_value v = each;
        auto& itself = v;
        v = itself;
        CHECK(same(v, each));
        v = std::move(itself);
        CHECK(same(v, each));
    }
}

TEST_CASE("a value becomes an element of itself, by copy and by move") {
    auto const all = one_of_each();
    for (metadata_value const& each : all) {
        metadata_value list = metadata::array{"first", each};
        list = list.as_array()[1];
        CHECK(same(list, each));
        list = metadata::array{"first", each};
        list = std::move((*list.if_array())[1]);
        CHECK(same(list, each));
        metadata_value object = metadata{{"a", "first"}, {"b", each}};
        object = object.as_object()["b"];
        CHECK(same(object, each));
        object = metadata{{"a", "first"}, {"b", each}};
        object = std::move(*object.if_object()->find("b"));
        CHECK(same(object, each));
        // And an element becomes what it stands in.
        metadata_value around = metadata::array{each, each};
        metadata_value const before = around;
        (*around.if_array())[0] = around;
        CHECK(same(around, metadata::array{before, each}));
    }
    metadata_value nested = metadata::array{0, metadata::array{1, metadata::array{2, long_text}}};
    for (int depth = 0; depth < 3; ++depth) nested = nested.as_array()[1];
    CHECK(nested.as_string() == long_text);
}

TEST_CASE("a text, a list and an object are changed in place, and no other kind") {
    auto all = one_of_each();
    for (metadata_value& v : all) {
        CHECK((v.if_string() != nullptr) == v.is_string());
        CHECK((v.if_array() != nullptr) == v.is_array());
        CHECK((v.if_object() != nullptr) == v.is_object());
    }
    metadata_value v = "a";
    *v.if_string() += "b";
    CHECK(v.as_string() == "ab");
    v = metadata::array{};
    v.if_array()->push_back("c");
    CHECK(v.as_array() == metadata::array{"c"});
    v = metadata{};
    v.if_object()->set("d", 1);
    CHECK(v.as_object() == metadata{{"d", 1}});
}

TEST_CASE("a visit is given what is inside, by its type") {
    auto const all = one_of_each();
    for (metadata_value const& each : all) {
        std::string kind;
        CHECK(same(each.visit(visitor{&kind}), each));
        CHECK(kind == kind_of(each));
    }
}
