#pragma once

/// A JSON text as a list of its values in their order, most of which point into the text: no tree, no strings.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace otpd::bridgexapi {

/// A value; those inside an array or an object follow it.
struct json_node {
    struct array {};
    struct object {};
    /// Nothing: null.
    std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string_view, array,
                 object>
        value;
    std::string_view key;  ///< in an object
    std::size_t nodes = 1; ///< this and all inside

    template <class T>
    [[nodiscard]] T const* as() const noexcept {
        return std::get_if<T>(&value);
    }
    [[nodiscard]] bool is_object() const noexcept { return as<object>() != nullptr; }
    [[nodiscard]] bool is_array() const noexcept { return as<array>() != nullptr; }

    /// Of an array or an object.
    class children {
    public:
        explicit children(json_node const* at) noexcept : at_(at) {}
        json_node const& operator*() const noexcept { return *at_; }
        children& operator++() noexcept {
            at_ += at_->nodes;
            return *this;
        }
        friend bool operator==(children const&, children const&) = default;

    private:
        json_node const* at_;
    };
    [[nodiscard]] children begin() const noexcept { return children(this + 1); }
    [[nodiscard]] children end() const noexcept { return children(this + nodes); }

    /// Of an object; null when there is none. Of several the last.
    [[nodiscard]] json_node const* find(std::string_view name) const noexcept {
        json_node const* found = nullptr;
        for (auto const& each : *this)
            if (each.key == name) found = &each;
        return found;
    }
};

/// One whole JSON text. Neither copied nor moved: its nodes point into it.
class json_document {
public:
    /// `body` must outlive it. Null when `body` is no JSON, or nested deeper than `depth_max`.
    json_document(std::string_view body, std::size_t depth_max);
    json_document(json_document const&) = delete;
    json_document& operator=(json_document const&) = delete;

    [[nodiscard]] json_node const& root() const noexcept { return nodes_.front(); }

private:
    class builder;
    std::vector<json_node> nodes_;
    std::deque<std::string> unescaped_; ///< texts that are not in the body as they are
};

} // namespace otpd::bridgexapi
