using Api.Http;

namespace Api.Contact.Inbox;

/// <summary>The sentences of the inbox.</summary>
static class InboxText
{
    public static Texts Texts { get; } = new(typeof(InboxText));
}
