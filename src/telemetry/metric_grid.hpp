#pragma once

/// The instruments of one metric: one for each combination of label values.

#include <prometheus/family.h>
#include <prometheus/labels.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::telemetry {

/// A label and its closed set of values. The constructor adds `other`.
struct label_set {
    label_set(std::string label, std::span<std::string_view const> words)
        : name(std::move(label)), values(words.begin(), words.end()) {
        values.emplace_back("other");
    }
    label_set(std::string label, std::span<std::string const> words)
        : name(std::move(label)), values(words.begin(), words.end()) {
        values.emplace_back("other");
    }

    /// A linear search beats a hash for these small sets. Most words differ in length or in their
    /// last letter, which avoids memcmp.
    [[nodiscard]] std::size_t index_of(std::string_view word) const noexcept {
        auto const is_word = [word](std::string const& value) {
            return value.size() == word.size() && (word.empty() || value.back() == word.back()) &&
                   value == word;
        };
        auto const found = std::find_if(values.begin(), values.end() - 1, is_word);
        return static_cast<std::size_t>(found - values.begin());
    }

    std::string name;
    std::vector<std::string> values;
};

/// An instrument is created on first use, so that unused combinations cost nothing at a scrape.
/// After that at() takes no lock. Thread-safe.
template <class Instrument, std::size_t Labels>
class metric_grid {
public:
    /// Creates an instrument in the family, or returns the existing one for the same labels.
    using maker = std::function<Instrument&(prometheus::Labels const&)>;

    metric_grid(std::array<label_set, Labels> sets, maker make)
        : sets_(std::move(sets)), make_(std::move(make)), found_(combinations()) {
        // A series that starts at its first event hides that event from rate().
        if (Labels == 1)
            for (auto const& value : sets_[0].values)
                if (value != "other") at({value});
    }

    Instrument& at(std::array<std::string_view, Labels> const& words) {
        std::array<std::size_t, Labels> indices{};
        std::size_t cell = 0;
        for (std::size_t i = 0; i < Labels; ++i) {
            indices[i] = sets_[i].index_of(words[i]);
            cell = cell * sets_[i].values.size() + indices[i];
        }
        if (auto* const known = found_[cell].load(std::memory_order_acquire)) return *known;
        auto& made = make_(labels_at(indices));
        found_[cell].store(&made, std::memory_order_release);
        return made;
    }

private:
    [[nodiscard]] std::size_t combinations() const {
        std::size_t product = 1;
        for (auto const& set : sets_)
            product *= set.values.size();
        return product;
    }

    [[nodiscard]] prometheus::Labels
    labels_at(std::array<std::size_t, Labels> const& indices) const {
        prometheus::Labels labels;
        for (std::size_t i = 0; i < Labels; ++i)
            labels.emplace(sets_[i].name, sets_[i].values[indices[i]]);
        return labels;
    }

    std::array<label_set, Labels> sets_;
    maker make_;
    std::vector<std::atomic<Instrument*>> found_;
};

} // namespace otpd::telemetry
