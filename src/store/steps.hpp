#pragma once

/// The steps of a store over the subjects that they touch: the same for every store that keeps its data in
/// this process's reach. Whoever calls sees to it that nobody else touches any of them meanwhile.

#include "subject_state.hpp"

#include <boost/compat/function_ref.hpp>

#include <optional>

namespace otpd::store {

/// Where the states of subjects are kept. A reference ends with the next call: what is kept may move.
class subjects {
public:
    virtual ~subjects() = default;
    /// What is known, without anything that has expired; an empty state when nothing is.
    virtual subject_state const& look(subject_key const& at) = 0;
    /// Runs `with` on that; it must not come back here.
    virtual void change(subject_key const& at,
                        boost::compat::function_ref<void(subject_state&)> with) = 0;
    /// Whether that many items may be added.
    [[nodiscard]] virtual bool has_room_for(std::size_t items) const = 0;
};

namespace steps {

admit_outcome admit(subjects& in, admission& request, store_time now);
settle_outcome settle(subjects& in, settlement& request, store_time now);
rebook_outcome rebook(subjects& in, rebooking const& request, store_time now);
update_outcome update(subjects& in, delivery_update& request, store_time now);
check_outcome check_code(subjects& in, check const& request, store_time now);
std::optional<verification> find(subjects& in, verification_address const& at, store_time now);
cancel_outcome cancel(subjects& in, cancellation const& request, store_time now);
std::vector<std::int64_t> spent(subjects& in, std::vector<budget_key> const& of);

} // namespace steps

} // namespace otpd::store
