// What both readers of values say about them, and the files of secrets.

#include "sources.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace otpd::app {

namespace {

/// The number of single-character changes that turn one text into the other (Levenshtein).
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            std::size_t const changed = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

/// TOML's name for it, for messages.
std::string_view toml_type(value_kind kind) noexcept {
    static constexpr words<9> names{"integer",
                                    "number",
                                    "boolean",
                                    "string",
                                    "array of integers",
                                    "array of strings",
                                    "date",
                                    "string or number",
                                    "array of inline tables"};
    return names[static_cast<std::size_t>(kind)];
}

} // namespace

std::string suggestion(std::string_view wrong, std::vector<std::string> const& candidates) {
    constexpr std::size_t longest_compared = 64; // the cost grows with the product of the lengths
    if (wrong.size() > longest_compared) return {};
    std::string const* nearest = nullptr;
    std::size_t least = std::max<std::size_t>(2, wrong.size() / 4) + 1;
    for (auto const& candidate : candidates) {
        auto const distance = edit_distance(wrong, candidate);
        if (distance >= least) continue;
        least = distance;
        nearest = &candidate;
    }
    return nearest == nullptr ? std::string() : " (did you mean " + *nearest + "?)";
}

std::string shown_value(key_words const& key, found_value const& value) {
    return key.is_concealed() ? "" : " = " + values::quoted_for_message(value.text);
}

std::string fault_of(key_words const& key, found_value const& value) {
    auto const* const leftover =
        key.is_concealed() ? values::leftover_in_secret(value.text, key.kind) : nullptr;
    if (leftover != nullptr) return leftover;
    return "must be " + key.allowed +
           (value.usable ? "" : ", written as a TOML " + std::string(toml_type(key.kind)));
}

std::optional<found_value> read_secret_file(key_words const& secret, found_value const& path,
                                            std::string const& where, reading& with) {
    auto file = with.open_secret ? with.open_secret(path.text) : secret_file{{}, "no such file"};
    auto& text = file.text;
    if (text.ends_with('\n')) text.resize(text.size() - (text.ends_with("\r\n") ? 2 : 1));
    if (file.fault.empty() && text.empty()) file.fault = "is empty";
    if (!file.fault.empty()) {
        with.faults.push_back(where + ": " + file.fault);
        return std::nullopt;
    }
    if (secret.kind == value_kind::text_list) {
        std::erase(text, '\r');
        std::ranges::replace(text, '\n', ',');
    }
    return found_value{std::move(text), path.source};
}

} // namespace otpd::app
