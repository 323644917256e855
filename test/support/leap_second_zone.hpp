#pragma once

#include "temporary_file.hpp"

#include <string>

namespace otpd::test {

/// A TZ file for UTC with the 27 leap seconds since 1972, like right/UTC (RFC 8536, version 1).
class leap_second_zone {
public:
    /// The value of TZ.
    [[nodiscard]] std::string name() const { return ":" + file_.path(); }

private:
    static std::string contents() {
        std::string text = "TZif";
        text.append(16, '\0');
        // UT/local and standard/wall indicators, leap seconds, transitions, types, name characters.
        for (int const count : {0, 0, 1, 0, 1, 4})
            text.append(3, '\0').push_back(static_cast<char>(count));
        text.append(6, '\0').append("UTC").push_back('\0'); // the type and its name
        // 27 s from 1972-07-01 on.
        for (int const byte : {0x04, 0xb2, 0x58, 0x00, 0, 0, 0, 27})
            text.push_back(static_cast<char>(byte));
        return text;
    }

    temporary_file file_{contents()};
};

} // namespace otpd::test
