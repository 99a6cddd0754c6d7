#ifndef RAMPART_FWD_HPP
#define RAMPART_FWD_HPP

namespace rampart::inline v1 {

enum class safety_status : unsigned char;
enum class observability_level : unsigned char;
class metadata;
class metadata_value;
class test_id;
struct transcript;
template <class Evidence>
struct basic_result;
template <class R>
struct result_traits;

}  // namespace rampart::inline v1

#endif
