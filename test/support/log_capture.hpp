#pragma once

/// A log output that collects all lines.

#include "otpd/telemetry/log.hpp"

#include <mutex>
#include <string>
#include <string_view>

namespace otpd::test {

class log_capture final : public telemetry::log_output {
public:
    void write(std::string_view lines) noexcept override {
        std::scoped_lock const lock(mutex_);
        text_ += lines;
    }
    [[nodiscard]] std::string text() const {
        std::scoped_lock const lock(mutex_);
        return text_;
    }

private:
    mutable std::mutex mutex_;
    std::string text_;
};

} // namespace otpd::test
