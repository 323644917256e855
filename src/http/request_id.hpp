#pragma once

/// Request ids: what ties a response, its log lines and the client's own log together.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace otpd::http {

/// 1 to 64 characters of [A-Za-z0-9._-]: safe in a header, a log line and a URI.
[[nodiscard]] bool is_valid_request_id(std::string_view text) noexcept;

/// Makes ids of 128 random bits in hexadecimal. Draws from OpenSSL for several ids at once, which a
/// connection with many requests notices. One per connection, used on its strand.
class request_id_source {
public:
    void next(std::string& out);

private:
    static constexpr std::size_t id_bytes = 16;
    static constexpr std::size_t batch = 8;

    std::array<std::byte, id_bytes * batch> pool_{};
    std::size_t left_ = 0;
};

} // namespace otpd::http
