#include "otpd/api/web_assets.hpp"

#include <algorithm>

namespace otpd::web {

asset const* find(std::string_view path) noexcept {
    auto const all = assets();
    auto const found = std::ranges::find(all, path, &asset::path);
    return found != all.end() ? &*found : nullptr;
}

} // namespace otpd::web
