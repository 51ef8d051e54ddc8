using Api.Http;

namespace Api.Contact;

/// <summary>The sentences of the contact form.</summary>
static class ContactText
{
    public static Texts Texts { get; } = new(typeof(ContactText));
}
