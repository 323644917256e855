#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace otpd::test {

/// A file that contains `text`. It is removed with this object.
class temporary_file {
public:
    explicit temporary_file(std::string_view text)
        : path_((std::filesystem::temp_directory_path() / "otpd-test-XXXXXX").string()) {
        int const handle = ::mkstemp(path_.data());
        if (handle < 0) throw std::runtime_error("cannot make a temporary file");
        ::close(handle);
        std::ofstream(path_, std::ios::binary) << text;
    }
    ~temporary_file() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    temporary_file(temporary_file const&) = delete;
    temporary_file& operator=(temporary_file const&) = delete;

    [[nodiscard]] std::string const& path() const noexcept { return path_; }

private:
    std::string path_;
};

} // namespace otpd::test
