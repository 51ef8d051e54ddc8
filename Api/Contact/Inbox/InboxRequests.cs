using Api.Http;
using Api.Http.OpenApi;
using FluentValidation;
using Microsoft.Extensions.Options;

namespace Api.Contact.Inbox;

/// <summary>A new state of a message.</summary>
[RequestBody]
public sealed record StateChange
{
    /// <summary>The new state.</summary>
    public SubmissionState? State { get; init; }

    /// <summary>How the sender was answered. Only with the state `handled`.</summary>
    public HandledBy? HandledBy { get; init; }
}

/// <summary>Who is to take care of a message.</summary>
[RequestBody]
public sealed record AssigneeChange
{
    /// <summary>A name, `me` for yourself, or <c>null</c> for nobody.</summary>
    public string? Assignee { get; init; }
}

/// <summary>A new note about a message.</summary>
[RequestBody]
public sealed record NewNote
{
    /// <summary>The note. It is encrypted like the message, and the sender never sees it.</summary>
    public string? Text { get; init; }

    // A record's own ToString would write the note into any log line that names it.
    /// <inheritdoc/>
    public override string ToString() => nameof(NewNote);
}

/// <summary>
/// A sender, by what was entered in the contact form. The address and the number are in the body, since URLs
/// end up in logs.
/// </summary>
[RequestBody]
public sealed record Sender
{
    TelephoneNumber? telephoneNumber;

    /// <summary>The e-mail address, in upper or lower case.</summary>
    public string? Email { get; init; }

    /// <summary>The telephone number, as people write it.</summary>
    public string? Telephone { get; init; }

    /// <summary>Reads the telephone number once; <c>null</c> if it cannot be dialled.</summary>
    internal TelephoneNumber? ReadTelephone(string region)
    {
        if (Telephone is not null)
            telephoneNumber ??= TelephoneNumber.Read(Telephone, region);
        return telephoneNumber;
    }

    // See NewNote.
    /// <inheritdoc/>
    public override string ToString() => nameof(Sender);
}

sealed class StateChangeValidator : AbstractValidator<StateChange>
{
    public StateChangeValidator()
    {
        RuleFor(change => change.State).NotNull().WithMessage(_ => InboxText.Texts.Get("StateNeeded"));
        RuleFor(change => change.HandledBy)
            .Null()
            .When(change => change.State != SubmissionState.Handled)
            .WithMessage(_ => InboxText.Texts.Get("HandledByNotAllowed"));
    }
}

sealed class AssigneeChangeValidator : AbstractValidator<AssigneeChange>
{
    public const int LongestName = 100;

    public AssigneeChangeValidator()
    {
        RuleFor(change => change.Assignee)
            .MaximumCharacters(LongestName)
            .WithMessage(_ => InboxText.Texts.Get("AssigneeTooLong", LongestName))
            .NoControlCharacters()
            .WithMessage(_ => InboxText.Texts.Get("AssigneeControl"))
            .Must(name => name != InboxFilter.NoAssignee)
            .WithMessage(_ => InboxText.Texts.Get("AssigneeNone"));
    }
}

sealed class NewNoteValidator : AbstractValidator<NewNote>
{
    public const int LongestText = 5000;

    public NewNoteValidator()
    {
        RuleLevelCascadeMode = CascadeMode.Stop;
        RuleFor(note => note.Text)
            .NotEmpty()
            .WithMessage(_ => InboxText.Texts.Get("NoteNeeded"))
            .MaximumCharacters(LongestText)
            .WithMessage(_ => InboxText.Texts.Get("NoteTooLong", LongestText))
            .NoControlCharacters(exceptLineBreaksAndTabs: true)
            .WithMessage(_ => InboxText.Texts.Get("NoteControl"));
    }
}

sealed class SenderValidator : AbstractValidator<Sender>
{
    public SenderValidator(IOptions<ContactOptions> options)
    {
        RuleLevelCascadeMode = CascadeMode.Stop;
        RuleFor(sender => sender.Email)
            .Must((sender, _) => sender.Email is not null || sender.Telephone is not null)
            .WithMessage(_ => InboxText.Texts.Get("SenderNeeded"))
            .MaximumCharacters(ContactValidator.EmailMaxLength)
            .WithMessage(_ => ContactText.Texts.Get("EmailTooLong", ContactValidator.EmailMaxLength));
        RuleFor(sender => sender.Telephone)
            .MaximumCharacters(ContactValidator.TelephoneMaxLength)
            .WithMessage(_ => ContactText.Texts.Get("TelephoneTooLong", ContactValidator.TelephoneMaxLength))
            .Must((sender, text) => text is null || sender.ReadTelephone(options.Value.TelephoneRegion) is not null)
            .WithMessage(_ => ContactText.Texts.Get("TelephoneWrong"));
    }
}
