#pragma once

/// The guarantees for every client, whatever it sends: every reply is HTTP/1.1, ends as its length
/// says, and reports failures in one format.

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

/// Checks everything that was received on one connection, and counts the replies in it. Returns the
/// fault, or nothing. `cut_off`: the connection did not end cleanly, so the last reply may be
/// incomplete. `may_be_bodyless`: a request may have been a HEAD.
[[nodiscard]] std::optional<std::string> check_replies(std::string_view received, bool cut_off,
                                                       bool may_be_bodyless, reply_counts& to);

} // namespace otpd::fuzz
