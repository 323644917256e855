#include "plan_library.hpp"

#include "otpd/core/numbering_plan.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <system_error>

namespace otpd::app {

plan_library library_of_plans() {
    namespace fs = std::filesystem;
    Dl_info where{};
    if (::dladdr(numbering_plan::data(), &where) == 0 || where.dli_fname == nullptr) return {};
    std::error_code fault;
    auto const file = fs::canonical(where.dli_fname, fault);
    if (fault) return {};
    plan_library found{file.filename().string(), std::nullopt};
    auto const written = fs::last_write_time(file, fault);
    if (fault) return found;
    found.dated = std::chrono::floor<std::chrono::days>(std::chrono::file_clock::to_sys(written));
    return found;
}

} // namespace otpd::app
