#pragma once

/// Collects all faults of a request, so that the client sees all at once. The words (`msg`, `type`)
/// are those of the reference implementation's framework.

#include "otpd/http/problem.hpp"

#include <boost/json/array.hpp>

#include <string_view>

namespace otpd::api {

class fault_list {
public:
    /// `where` is `body` or `query`, then the name. `what` is one clause for people.
    void add(boost::json::array where, std::string_view what, std::string_view type);

    [[nodiscard]] bool empty() const noexcept { return faults_.empty(); }
    /// Returns a 422 `validation_failed` with all faults. `detail` is a sentence.
    [[nodiscard]] http::problem problem(std::string_view detail) const;

private:
    boost::json::array faults_;
};

} // namespace otpd::api
