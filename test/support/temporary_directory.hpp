#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace otpd::test {

/// A directory that only its owner can read. It is removed with this object.
class temporary_directory {
public:
    temporary_directory()
        : path_((std::filesystem::temp_directory_path() / "otpd-test-XXXXXX").string()) {
        if (::mkdtemp(path_.data()) == nullptr)
            throw std::runtime_error("cannot make a temporary directory");
    }
    ~temporary_directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    temporary_directory(temporary_directory const&) = delete;
    temporary_directory& operator=(temporary_directory const&) = delete;

    [[nodiscard]] std::string const& path() const noexcept { return path_; }
    /// Writes `text` to the file `name` in it and returns its path.
    std::string add(std::string_view name, std::string_view text) const {
        auto file = path_ + '/' + std::string(name);
        std::ofstream out(file, std::ios::binary);
        out << text;
        if (!out.flush()) throw std::runtime_error("cannot write " + file);
        return file;
    }

private:
    std::string path_;
};

} // namespace otpd::test
