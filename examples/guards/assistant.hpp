#ifndef EXAMPLES_GUARDS_ASSISTANT_HPP
#define EXAMPLES_GUARDS_ASSISTANT_HPP

#include <functional>
#include <memory>
#include <string>

// Speaks through the speaker of the device. A C library, as the vendor delivers it.
extern "C" int speaker_say(char const* text);

/// Sends mail. The clients that there are derive from it.
struct mail_client {
    virtual ~mail_client() = default;
    virtual bool send(std::string const& to, std::string const& text) = 0;
};

/// The assistant on the device: it reads a page, speaks, sends mail and keeps notes under version control.
struct assistant {
    std::unique_ptr<mail_client> mail;
    // How a page comes over the net.
    static inline std::function<std::string(std::string const& url)> fetch = [](std::string const& url) {
        return "the text of " + url;
    };

    std::string summary(std::string const& url) const { return "in short: " + fetch(url); }
    bool forward(std::string const& to, std::string const& text) const { return mail->send(to, text); }
    bool read_aloud(std::string const& text) const { return speaker_say(text.c_str()) == 0; }
    /// Asks git for its version before it trusts it with notes.
    bool can_keep_notes() const;
};

#endif
