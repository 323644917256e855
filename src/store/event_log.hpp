#pragma once

/// The events of one verification, in one piece of memory: a step reads few of them and adds one, and they
/// are looked at one by one only when somebody asks for them.

#include "otpd/store/verification.hpp"
#include "store_time.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store {

struct event_record {
    event_kind what = event_kind::admitted;
    counter_time after{}; ///< the verification was admitted
    std::string details;
};

class event_log {
public:
    event_log() = default;
    /// What bytes() gave.
    explicit event_log(std::string_view bytes) : bytes_(bytes) {}

    void add(event_kind what, counter_time after, std::string_view details);
    /// Gives the first event other details, if it is an `admitted`.
    void retell_admission(std::string_view details);

    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] bool has(event_kind what) const noexcept;
    /// The details of the last one of that kind; empty when there is none.
    [[nodiscard]] std::string last_details(event_kind what) const;
    /// In the order in which they were added.
    [[nodiscard]] std::vector<event_record> all() const;

    [[nodiscard]] std::string const& bytes() const noexcept { return bytes_; }

private:
    std::string bytes_;
};

} // namespace otpd::store
