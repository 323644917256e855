#include "otpd/telemetry/rotating_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace otpd::telemetry {

namespace {

/// Owns a file descriptor; -1: none.
class descriptor {
public:
    descriptor() = default;
    explicit descriptor(int owned) noexcept : owned_(owned) {}
    descriptor(descriptor&& other) noexcept : owned_(std::exchange(other.owned_, -1)) {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(owned_, other.owned_);
        return *this;
    }
    ~descriptor() {
        if (owned_ >= 0) ::close(owned_);
    }
    [[nodiscard]] int get() const noexcept { return owned_; }
    explicit operator bool() const noexcept { return owned_ >= 0; }

private:
    int owned_ = -1;
};

/// Returns the number of bytes written before an error.
std::size_t write_all(int to, std::string_view bytes) noexcept {
    std::size_t done = 0;
    while (done != bytes.size()) {
        auto const written = ::write(to, bytes.data() + done, bytes.size() - done);
        if (written >= 0) {
            done += static_cast<std::size_t>(written);
        } else if (errno != EINTR) {
            break;
        }
    }
    return done;
}

std::uint64_t lines_in(std::string_view text) noexcept {
    return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

/// Returns the leading whole lines that fit into `room` bytes; empty if the first one does not.
std::string_view lines_that_fit(std::string_view lines, std::uint64_t room) noexcept {
    if (lines.size() <= room) return lines;
    auto const end =
        room == 0 ? std::string_view::npos : lines.rfind('\n', static_cast<std::size_t>(room - 1));
    return end == std::string_view::npos ? std::string_view() : lines.substr(0, end + 1);
}

std::string_view first_line(std::string_view lines) noexcept {
    auto const end = lines.find('\n');
    return end == std::string_view::npos ? lines : lines.substr(0, end + 1);
}

} // namespace

class rotating_file::impl {
public:
    explicit impl(rotating_file_options options) : options_(std::move(options)) {
        if (!open())
            throw std::system_error(errno, std::generic_category(), "cannot open " + options_.path);
    }

    void write(std::string_view lines) noexcept {
        if (!is_at_path()) open();
        while (!lines.empty()) {
            auto const written = file_ || open() ? write_some(lines) : 0;
            if (written == 0) {
                lost_ += std::max<std::uint64_t>(1, lines_in(lines));
                return;
            }
            lines.remove_prefix(written);
        }
    }

    void reopen() noexcept { open(); }

    [[nodiscard]] std::uint64_t lines_lost() const noexcept { return lost_; }

private:
    /// Returns false if the path is empty or holds another file. A file that cannot be examined may
    /// still be there.
    [[nodiscard]] bool is_at_path() const noexcept {
        struct stat about{};
        if (::stat(options_.path.c_str(), &about) != 0) return errno != ENOENT && errno != ENOTDIR;
        return about.st_dev == device_ && about.st_ino == inode_;
    }

    /// Returns false with errno set; the current file then stays open. Ends a line that a full disk
    /// or a crash cut off, so that the next one does not become part of it.
    bool open() noexcept {
        constexpr mode_t for_its_owner = 0600;
        descriptor opened(
            ::open(options_.path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, for_its_owner));
        struct stat about{};
        if (!opened || ::fstat(opened.get(), &about) != 0) return false;
        regular_ = S_ISREG(about.st_mode);
        size_ = regular_ ? static_cast<std::uint64_t>(about.st_size) : 0;
        has_name_ = about.st_nlink != 0;
        device_ = about.st_dev;
        inode_ = about.st_ino;
        char last = '\n';
        if (size_ != 0 && ::pread(opened.get(), &last, 1, about.st_size - 1) == 1 && last != '\n')
            size_ += write_all(opened.get(), "\n");
        file_ = std::move(opened);
        return true;
    }

    /// Returns how many bytes of whole lines were written; 0 if none.
    std::size_t write_some(std::string_view lines) noexcept {
        auto now = fitting(lines);
        if (now.empty()) {
            if (size_ != 0 && !rotate()) return 0;
            now = fitting(lines);
            if (now.empty()) now = first_line(lines);
        }
        auto const written = write_all(file_.get(), now);
        size_ += written;
        struct stat about{};
        if (regular_ && ::fstat(file_.get(), &about) == 0) {
            if (about.st_nlink == 0 && has_name_) {
                // The file was removed: nobody would read the lines.
                file_ = descriptor();
                return open() ? write_some(lines) : 0;
            }
            size_ = static_cast<std::uint64_t>(about.st_size); // someone may have truncated it
        }
        if (written == now.size()) return written;

        auto const end = now.substr(0, written).rfind('\n');
        auto const whole = end == std::string_view::npos ? 0 : end + 1;
        if (regular_) {
            // Removes the incomplete line. If that fails, open() ends it.
            auto const keep = static_cast<off_t>(size_ - (written - whole));
            [[maybe_unused]] int const ignored = ::ftruncate(file_.get(), keep);
        }
        file_ = descriptor(); // reopened before the next write
        return whole;
    }

    [[nodiscard]] std::string_view fitting(std::string_view lines) const noexcept {
        if (!regular_) return lines; // pipes and devices have no size
        return lines_that_fit(lines, options_.bytes_max - std::min(options_.bytes_max, size_));
    }

    /// Returns false if a file could not be renamed or the new one not opened. The lines are then
    /// lost, which is better than a file that fills the disk.
    bool rotate() noexcept {
        file_ = descriptor();
        return put_aside() && open();
    }

    bool put_aside() const noexcept {
        if (options_.files_max <= 1) return gone(::unlink(options_.path.c_str()));
        for (auto n = options_.files_max - 1; n != 0; --n)
            if (!gone(std::rename(name_of(n - 1).c_str(), name_of(n).c_str()))) return false;
        return true;
    }

    static bool gone(int result) noexcept { return result == 0 || errno == ENOENT; }

    [[nodiscard]] std::string name_of(std::size_t n) const {
        return n == 0 ? options_.path : options_.path + "." + std::to_string(n);
    }

    rotating_file_options const options_;
    descriptor file_;
    bool regular_ = true;
    std::uint64_t size_ = 0;
    bool has_name_ = true; ///< at open: some file systems do not count links
    dev_t device_ = 0;
    ino_t inode_ = 0;
    std::atomic<std::uint64_t> lost_ = 0;
};

rotating_file::rotating_file(rotating_file_options options)
    : impl_(std::make_unique<impl>(std::move(options))) {}

rotating_file::~rotating_file() = default;

void rotating_file::write(std::string_view lines) noexcept {
    impl_->write(lines);
}

void rotating_file::reopen() noexcept {
    impl_->reopen();
}

std::uint64_t rotating_file::lines_lost() const noexcept {
    return impl_->lines_lost();
}

} // namespace otpd::telemetry
