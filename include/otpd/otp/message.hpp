#pragma once

/// The text of an SMS: the operator's template for a purpose and a language, and the autofill
/// suffix, with which a browser or an app finds the code.

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

/// The autofill suffix: the last line of the text.
struct autofill_suffix {
    enum class kind : std::uint8_t {
        none,
        web_otp,  ///< "@host #code @frame" (WICG "Origin-bound one-time codes delivered via SMS")
        app_hash, ///< 11 characters (Android's SMS Retriever API)
    };
    kind type = kind::none;
    std::string text;  ///< the host, or the hash
    std::string frame; ///< the host of a framed page that takes the code; empty: none

    /// Accepts lower-case host names of 1 to 64 characters: at least two labels of letters, digits
    /// and hyphens. `frame` may be empty.
    static std::optional<autofill_suffix> web_otp_for(std::string_view host,
                                                      std::string_view frame = {});
    /// Accepts 11 base64 characters.
    static std::optional<autofill_suffix> app_hash_of(std::string_view hash);

    friend bool operator==(autofill_suffix const&, autofill_suffix const&) = default;
};

/// A language tag (core/language_tag.hpp): "nl", "pt-BR", "zh-Hans-CN". Case is ignored.
struct locale_tag {
    std::string text; ///< lower case; empty: none

    /// Returns nullopt unless the tag is well-formed.
    static std::optional<locale_tag> parse(std::string_view text);

    friend bool operator==(locale_tag const&, locale_tag const&) = default;
};

/// What the code is for besides its purpose: a fact of the transaction, such as its amount
/// (Commission Delegated Regulation (EU) 2018/389 (RTS) 5: dynamic linking). It is part of the
/// text, and a check must bring the same.
struct variable {
    static constexpr std::size_t max_count = 8; ///< of one send
    static constexpr std::size_t max_name_length = 32;
    static constexpr std::size_t max_value_length = 100;

    std::string name;  ///< of its placeholder: 1..max_name_length of [a-z0-9_]
    std::string value; ///< 1..max_value_length of printable ASCII in the GSM alphabet

    friend bool operator==(variable const&, variable const&) = default;
};

/// What a text says besides the code.
struct message_facts {
    std::chrono::seconds ttl{}; ///< of the code
    std::vector<variable> variables{};
};

/// A code that somebody else made, and checks: an identity provider. otpd only sends it.
struct given_code {
    static constexpr std::size_t min_length = 4;
    static constexpr std::size_t max_length = 16;

    secret_string code; ///< min_length to max_length ASCII letters and digits
    /// A text of its own, with `{code}` in its place, that messages::fault_of() accepts; empty: the
    /// template of the purpose.
    std::string text = {};
};

/// `{code}` occurs once. `{minutes}` is the code's lifetime, rounded down but at least 1; it may
/// occur any number of times. Each variable of the purpose occurs at least once.
struct message_template {
    std::string purpose; ///< empty: for all purposes without their own
    locale_tag locale;   ///< empty: for all languages without their own
    std::string text;

    /// Settings keys of [[template]]. Whether the text is good depends on other settings.
    template <class Keys>
    static void declare(Keys keys) {
        using o = message_template;
        keys.add("purpose", &o::purpose, keys.purpose(),
                 "Purpose of its codes; if unset: every purpose without a template of its own.")
            .like("payment");
        keys.add("locale", &o::locale, keys.locale(),
                 "Language of its requests (zh: also zh-Hans and zh-Hans-CN, RFC 4647 3.4); if "
                 "unset: every language without a template of its own.")
            .like("nl");
        keys.add("text", &o::text,
                 keys.text("printable ASCII other than ` with {code} once, {minutes} (its life) "
                           "where wanted and no other braces, at most 158 characters and 160 GSM "
                           "septets with the code and the client's autofill suffix",
                           [](std::string_view) { return true; }),
                 "Text of the SMS.")
            .needed("Uw betaalcode is {code}. Deze is {minutes} minuten geldig.");
    }
};

/// Immutable and thread-safe.
class messages {
public:
    /// `templates` contains one without purpose and locale, and no duplicates. fault_of() accepts
    /// them all.
    explicit messages(std::vector<message_template> templates);

    /// Selects the template of the purpose with the longest locale that a lookup of `locale` finds
    /// (RFC 4647 3.4), else the purpose's template without a locale. If the purpose has none, it
    /// does the same among the templates without a purpose. A given code may have a text of its
    /// own.
    [[nodiscard]] std::string const& text_for(purpose const& purpose, locale_tag const& locale,
                                              std::optional<given_code> const& given = {}) const;

    /// Fills in a template and adds the suffix.
    [[nodiscard]] static secret_string compose(std::string_view text, std::string_view code,
                                               message_facts const& facts,
                                               autofill_suffix const& suffix);

    /// Returns whether compose() makes a single SMS that the upstream accepts and autofill can
    /// read: at most 158 characters (bridgexapi::max_message_length) and 160 septets
    /// (core/gsm_alphabet.hpp). With an app hash the limit is 140 bytes.
    [[nodiscard]] static bool fits(std::string_view text, std::size_t code_length,
                                   message_facts const& facts, autofill_suffix const& suffix);

    /// Returns why `text` is not a valid template, or nullopt. A template is printable ASCII of the
    /// GSM alphabet, contains `{code}` once, the placeholder of each variable and no other one than
    /// `{minutes}`, and fits() with a code of `code_length` digits, `facts` and each of `suffixes`.
    [[nodiscard]] static std::optional<std::string>
    fault_of(std::string_view text, std::size_t code_length, message_facts const& facts,
             std::vector<autofill_suffix> const& suffixes);

private:
    std::vector<message_template> templates_;
};

} // namespace otpd::otp
