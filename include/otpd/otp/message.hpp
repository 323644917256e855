#pragma once

/// The text of an SMS: the operator's template for a purpose and a language, and the last line by
/// which a browser or an app finds the code by itself.

#include "otpd/core/passcode.hpp"
#include "otpd/core/purpose.hpp"
#include "otpd/core/secret.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::otp {

/// What stands behind the text: the autofill suffix.
struct autofill_suffix {
    enum class kind : std::uint8_t {
        none,
        web_otp,  ///< "@host #code @frame" (WICG "Origin-bound one-time codes delivered via SMS")
        app_hash, ///< eleven characters (Android's SMS Retriever API)
    };
    kind type = kind::none;
    std::string text;  ///< the host, or the hash
    std::string frame; ///< the host of a page in a frame, which takes the code; empty: none does

    /// 1 to 64 characters each of a host name in lower case: labels of letters, digits and hyphens,
    /// at least two.
    static std::optional<autofill_suffix> web_otp_for(std::string_view host,
                                                      std::string_view frame = {});
    /// Eleven characters of base64.
    static std::optional<autofill_suffix> app_hash_of(std::string_view hash);

    friend bool operator==(autofill_suffix const&, autofill_suffix const&) = default;
};

/// A language tag (core/language_tag.hpp): "nl", "pt-BR", "zh-Hans-CN". Compared without regard to
/// case.
struct locale_tag {
    std::string text; ///< lower case; empty: none

    /// Nothing unless it is well-formed.
    static std::optional<locale_tag> parse(std::string_view text);

    friend bool operator==(locale_tag const&, locale_tag const&) = default;
};

/// Placeholders: `{code}` once, `{minutes}` (the code's life, rounded down, at least 1) any number
/// of times.
struct message_template {
    std::string purpose; ///< empty: of all that have no own
    locale_tag locale;   ///< empty: of all that have no own
    std::string text;
};

/// Immutable; may be used from any thread.
class messages {
public:
    /// `templates` holds one without purpose and locale, and each pair once; all are sound().
    messages(std::vector<message_template> templates, std::chrono::seconds ttl);

    /// The template of the purpose whose locale is found by a lookup of `locale`, the longest one
    /// (RFC 4647 3.4); else of the purpose without a locale; then the same without the purpose.
    [[nodiscard]] secret_string compose(purpose const& purpose, locale_tag const& locale,
                                        passcode const& code, autofill_suffix const& suffix) const;

    /// Characters of the text that compose() gives with a code of that many digits.
    [[nodiscard]] std::size_t length(purpose const& purpose, locale_tag const& locale,
                                     std::size_t code_length, autofill_suffix const& suffix) const;

    /// Whether that text is one SMS that the upstream takes and whoever fills in the code reads: at
    /// most 158 characters (bridgexapi::max_message_length) and 160 septets
    /// (core/gsm_alphabet.hpp); with an app's hash 140 bytes.
    [[nodiscard]] bool fits(purpose const& purpose, locale_tag const& locale,
                            std::size_t code_length, autofill_suffix const& suffix) const;

    /// Nothing, or why the text is no template: it must be printable ASCII of the GSM alphabet with
    /// `{code}` once and no other placeholder than `{minutes}`, and must fit, as fits() has it,
    /// with a code of `code_length` digits and each of `tails`.
    [[nodiscard]] static std::optional<std::string>
    fault_of(std::string_view text, std::size_t code_length, std::chrono::seconds ttl,
             std::vector<autofill_suffix> const& suffixes);

private:
    [[nodiscard]] std::string const& text_for(purpose const& purpose,
                                              locale_tag const& locale) const;

    std::vector<message_template> templates_; ///< `{minutes}` is filled in
};

} // namespace otpd::otp
