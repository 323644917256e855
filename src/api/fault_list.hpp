#pragma once

/// Everything that is wrong with what a client sent, so that it sees all of it at once. The words
/// (`msg`, `type`) are those of the reference's framework.

#include "otpd/http/problem.hpp"

#include <boost/json/array.hpp>

#include <string_view>

namespace otpd::api {

class fault_list {
public:
    /// `where` is the place: `body` or `query`, then the name; `what` is one clause for people.
    void add(boost::json::array where, std::string_view what, std::string_view type);

    [[nodiscard]] bool empty() const noexcept { return faults_.empty(); }
    /// 422 `validation_failed` with every fault; `detail` is a sentence.
    [[nodiscard]] http::problem problem(std::string_view detail) const;

private:
    boost::json::array faults_;
};

} // namespace otpd::api
