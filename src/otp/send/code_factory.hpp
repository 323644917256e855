#pragma once

#include "limits/test_numbers.hpp"
#include "otpd/core/passcode.hpp"
#include "otpd/core/purpose.hpp"
#include "otpd/core/random.hpp"
#include "otpd/otp/client.hpp"
#include "otpd/otp/key_ring.hpp"

#include <cstddef>
#include <string>
#include <utility>

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
    code_factory(std::size_t code_length, key_ring const& keys, random_source& random,
                 test_numbers const& tests)
        : code_length_(code_length), keys_(keys), random_(random), tests_(tests) {}

    [[nodiscard]] new_code make(client const& by, purpose const& purpose,
                                phone_number const& to) const {
        store::verification_address address;
        address.number = keys_.hash(by.name, to);
        random_.fill(address.id);
        auto sealed = keys_.seal(address);
        if (auto const* const test = tests_.find(to))
            return {address, std::move(sealed), {}, test->code, true};
        auto const seed = keys_.make_seed(code_length_, random_);
        auto code = keys_.code_of(seed, by.name, purpose, to).value();
        return {address, std::move(sealed), seed, std::move(code), false};
    }

private:
    std::size_t const code_length_;
    key_ring const& keys_;
    random_source& random_;
    test_numbers const& tests_;
};

} // namespace otpd::otp
