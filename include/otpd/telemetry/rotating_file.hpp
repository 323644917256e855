#pragma once

/// A file of lines that is begun anew when it is full: FILE, then FILE.1 (the newest of the old
/// ones) and so on.

#include "otpd/telemetry/log.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace otpd::telemetry {

struct rotating_file_options {
    std::string path;                              ///< appended to; made with mode 0600
    std::uint64_t bytes_max = 64ULL * 1024 * 1024; ///< of one file; a line is never split
    std::size_t files_max = 8;                     ///< with the one that is written; >= 1

    /// Keys of [timeline] in the settings.
    template <class Keys>
    static void declare(Keys keys) {
        using o = rotating_file_options;
        keys.path("file", &o::path, "a file",
                  "File of a JSON line for each event of a verification; empty: none.");
        keys.whole("bytes_max", &o::bytes_max, 65'536, 1'099'511'627'776,
                   "When the file is so large, it is renamed and another one begun.", "bytes");
        keys.whole("files_max", &o::files_max, 1, 1000,
                   "Files that are kept, with the one that is written.");
    }
};

/// For one thread (the logger's). A file that cannot be written or put aside loses lines, counts
/// them and is tried again at the next write; it is never let grow past its limit instead, except
/// by one line that alone is longer. A line that was cut off by a full disk or a crash is ended
/// before the next one. What is no regular file (a pipe, a device) has no limit.
///
/// A file that somebody has moved away or removed is noticed before the next lines are written:
/// they go to a new one at the path. So do lines that were written to a file while it was removed.
/// While a new one cannot be opened, lines go on to the moved file; to a removed one they are lost,
/// and counted.
class rotating_file final : public log_output {
public:
    /// Throws std::system_error when the file cannot be opened.
    explicit rotating_file(rotating_file_options options);
    ~rotating_file() override;
    void write(std::string_view lines) noexcept override;
    void reopen() noexcept override;
    /// From any thread.
    [[nodiscard]] std::uint64_t lines_lost() const noexcept;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd::telemetry
