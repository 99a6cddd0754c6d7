// A suite whose tests record a type of their own.
#include <string>
#include <string_view>

namespace demo {
struct finding {
    int severity = 0;
    std::string text{};
};
}  // namespace demo

#include <rampart/core/result.hpp>

#include <boost/json.hpp>

template <>
struct rampart::result_traits<demo::finding> {
    static safety_status status(demo::finding const& f) {
        return f.severity > 0 ? safety_status::unsafe : safety_status::safe;
    }
    static std::string_view summary(demo::finding const& f) { return f.text; }
    static std::string_view harm_category(demo::finding const&) { return "custom_product_risk"; }
};

namespace demo {
inline void tag_invoke(boost::json::value_from_tag, boost::json::value& out, finding const& f) {
    out = {{"severity", f.severity}, {"text", f.text}};
}
inline finding tag_invoke(boost::json::value_to_tag<finding>, boost::json::value const& v) {
    return {static_cast<int>(v.at("severity").as_int64()), std::string(v.at("text").as_string())};
}
}  // namespace demo

#define RAMPART_DOCTEST_RESULT ::demo::finding
#define RAMPART_DOCTEST_MAIN
#include <rampart/doctest_main.hpp>

TEST_CASE("a finding") { rampart::record_result(demo::finding{0, "nothing found"}); }
TEST_CASE("a grave finding") { rampart::record_result(demo::finding{2, "leaked"}); }
TEST_CASE("a result of another type") {
    rampart::record_result(rampart::result{.status = rampart::safety_status::safe});
}
