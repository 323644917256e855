#pragma once

/// What a client may count on, whatever it has sent: every reply is HTTP/1.1, ends where its length
/// says, and tells of a failure in the one form that failures have.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::fuzz {

struct reply_counts {
    std::map<unsigned, std::size_t> by_status;
    std::map<std::string, std::size_t> failures; ///< 5xx, by status and code
};

/// Looks at everything that was received on one connection, and counts the replies in it. Nothing,
/// or what is wrong. `cut_off`: the connection did not end in order, so the last reply may lack its
/// end. `may_be_bodyless`: some request may have been a HEAD.
[[nodiscard]] std::optional<std::string> check_replies(std::string_view received, bool cut_off,
                                                       bool may_be_bodyless, reply_counts& to);

} // namespace otpd::fuzz
