#pragma once

#include "limits/test_numbers.hpp"
#include "otpd/core/passcode.hpp"
#include "otpd/core/purpose.hpp"
#include "otpd/core/random.hpp"
#include "otpd/otp/client.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/otp/policy.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace otpd::otp {

/// A new code, and where its verification is stored. A test number has a fixed code and no seed.
struct new_code {
    store::verification_address address;
    std::string sealed; ///< `address` as callers see it (key_ring::seal)
    store::code_seed seed;
    passcode code;
    bool is_test = false;
};

/// Thread-safe.
class code_factory {
public:
    /// All arguments must outlive it.
    code_factory(policy const& rules, key_ring const& keys, random_source& random,
                 test_numbers const& tests)
        : rules_(rules), keys_(keys), random_(random), tests_(tests), key_ids_(keys.key_ids()) {}

    /// `length`: of the code, unless it is a test number's.
    [[nodiscard]] new_code make(client const& by, purpose const& purpose, phone_number const& to,
                                std::size_t length) const {
        store::verification_address address;
        address.number = keys_.hash(by.name, to);
        random_.fill(address.id);
        auto sealed = keys_.seal(address);
        if (auto const* const test = tests_.find(to))
            return {address, std::move(sealed), {}, test->code, true};
        auto const seed = keys_.make_seed(length, random_);
        auto code = keys_.code_of(seed, by.name, purpose, to).value();
        return {address, std::move(sealed), seed, std::move(code), false};
    }

    /// Returns when a send repeats the code of an earlier one.
    [[nodiscard]] store::repeat_rule repeat_rule(scope_rules const& rules, bool is_test) const {
        auto rule = rules_.repeat;
        rule.attempts_max = rules.attempts_max;
        if (!is_test) rule.other_keys = key_ids_;
        return rule;
    }
    /// Derives the code that an admission chose.
    [[nodiscard]] passcode code_of(store::code_seed const& seed, client const& by,
                                   purpose const& purpose, phone_number const& to) const {
        return keys_.code_of(seed, by.name, purpose, to).value();
    }

private:
    policy const& rules_;
    key_ring const& keys_;
    random_source& random_;
    test_numbers const& tests_;
    std::vector<std::uint32_t> const key_ids_;
};

} // namespace otpd::otp
