#pragma once

/// A step of the engine as batches run it: one request, one of the engine's functions, one answer.

#include "batch_step.hpp"
#include "otpd/store/store.hpp"

#include <optional>
#include <utility>
#include <variant>

namespace otpd::store {

namespace detail {

// Which answers others may change by their additions.
template <class... Outcomes>
bool depends_on_shared(std::variant<Outcomes...> const& answer) noexcept {
    return std::holds_alternative<refused>(answer);
}
inline bool depends_on_shared(std::vector<std::int64_t> const&) noexcept {
    return true; // sums
}
inline bool depends_on_shared(score_answer const&) noexcept {
    return true;
}
inline bool depends_on_shared(inspected const&) noexcept {
    return true;
}
template <class Answer>
bool depends_on_shared(Answer const&) noexcept {
    return false;
}

// Answers that are followed by a message, that end a code, or that an operator relies on.
template <class... Outcomes>
bool must_survive(std::variant<Outcomes...> const& answer) noexcept {
    return std::visit(
        []<class Outcome>(Outcome const&) {
            return std::is_same_v<Outcome, admitted> ||
                   std::is_same_v<Outcome, reservation_replaced> ||
                   std::is_same_v<Outcome, verified>;
        },
        answer);
}
inline bool must_survive(cancel_outcome answer) noexcept {
    return answer == cancel_outcome::canceled;
}
inline bool must_survive(released const& answer) noexcept {
    return answer != released();
}
inline bool must_survive(override_outcome const& answer) noexcept {
    return answer.has_changed();
}
template <class Answer>
bool must_survive(Answer const&) noexcept {
    return false;
}

} // namespace detail

/// `Rules` is one of engine/steps.hpp. The request must live as long as the step.
template <auto Rules, class Request>
class engine_step : public batch_step {
public:
    using answer =
        std::invoke_result_t<decltype(Rules), engine::states&, Request const&, store_time>;

    explicit engine_step(Request const& request) noexcept : request_(request) {}

    void list_keys(engine::key_list& to) const override { engine::list_keys(request_, to); }
    bool run(engine::states& states, store_time now) override {
        answer_.emplace(Rules(states, request_, now));
        return detail::depends_on_shared(*answer_);
    }
    [[nodiscard]] bool must_survive() const override {
        return answer_ && detail::must_survive(*answer_);
    }
    void finish(std::optional<step_fault> why) noexcept override {
        why_ = why;
        is_done_ = true;
    }
    void fail(std::exception_ptr thrown) noexcept override {
        thrown_ = std::move(thrown);
        is_done_ = true;
    }

    [[nodiscard]] bool is_done() const noexcept { return is_done_; }
    /// Call once it is done.
    [[nodiscard]] result<answer> take() {
        if (thrown_) std::rethrow_exception(thrown_);
        if (why_) return *why_ == step_fault::unknown ? fault::unknown : fault::not_executed;
        return *std::move(answer_);
    }

private:
    Request const& request_;
    std::optional<answer> answer_;
    std::optional<step_fault> why_;
    std::exception_ptr thrown_;
    bool is_done_ = false;
};

} // namespace otpd::store
