#pragma once

/// A file of lines that is rotated when it is full. FILE is current, FILE.1 is the newest old file,
/// and so on.

#include "otpd/telemetry/log.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace otpd::telemetry {

struct rotating_file_options {
    std::string path;                              ///< appended to; created with mode 0600
    std::uint64_t bytes_max = 64ULL * 1024 * 1024; ///< of one file; a line is never split
    std::size_t files_max = 8;                     ///< including the current one; >= 1

    /// Settings keys of [timeline].
    template <class Keys>
    static void declare(Keys keys) {
        using o = rotating_file_options;
        keys.path("file", &o::path, "a file",
                  "File that gets a JSON line for each event of a verification; empty: none.");
        keys.whole("bytes_max", &o::bytes_max, 65'536, 1'099'511'627'776,
                   "Size at which the file is renamed and a new one begun.", "bytes");
        keys.whole("files_max", &o::files_max, 1, 1000,
                   "Most files that are kept, including the current one.");
    }
};

/// For use by one thread (the logger's). If the file cannot be written or rotated, its lines are
/// lost and counted, and the next write tries again. The file never grows past its limit, unless a
/// single line is longer. A line that was cut off by a full disk or a crash is ended before the
/// next one. Pipes and devices have no limit.
///
/// If the file was moved away or removed, the next lines go to a new file at the path. So do lines
/// that were written to a file while it was removed. While a new file cannot be opened, lines go to
/// the moved file; with a removed file they are lost and counted.
class rotating_file final : public log_output {
public:
    /// Throws std::system_error when the file cannot be opened.
    explicit rotating_file(rotating_file_options options);
    ~rotating_file() override;
    void write(std::string_view lines) noexcept override;
    void reopen() noexcept override;
    /// Thread-safe.
    [[nodiscard]] std::uint64_t lines_lost() const noexcept;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd::telemetry
