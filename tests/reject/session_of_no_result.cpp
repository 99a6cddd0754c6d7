// expect: (constraint failure for .*requires  Result<R> class|'finding' does not satisfy 'Result')
// A session holds results of one type, which is a Result.
#include "rampart/session/session.hpp"

struct finding {
    int severity = 0;
};

#ifdef ACCEPT
template <>
struct rampart::result_traits<finding> {
    static safety_status status(finding const& f) {
        return f.severity > 0 ? safety_status::unsafe : safety_status::safe;
    }
    static std::string_view summary(finding const&) { return {}; }
    static std::string_view harm_category(finding const&) { return {}; }
};
#endif

int main() { rampart::basic_session<finding> const session; }
