// expect: PortableResult
// A result crosses processes only when Boost.JSON knows how to write and read it.
#include "rampart/transport/wire.hpp"

struct finding {
    int severity = 0;
};

template <>
struct rampart::result_traits<finding> {
    static safety_status status(finding const& f) {
        return f.severity > 0 ? safety_status::unsafe : safety_status::safe;
    }
    static std::string_view summary(finding const&) { return {}; }
    static std::string_view harm_category(finding const&) { return {}; }
};

#ifdef ACCEPT
inline void tag_invoke(boost::json::value_from_tag, boost::json::value& out, finding const& f) { out = f.severity; }
inline finding tag_invoke(boost::json::value_to_tag<finding>, boost::json::value const& in) {
    return {static_cast<int>(in.as_int64())};
}
#endif

int main() {
    rampart::basic_session<finding> const session;
    return rampart::serialize_worker_data(session) ? 0 : 1;
}
