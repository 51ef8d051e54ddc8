using System.Globalization;
using System.Text.Json;
using Api.Http;
using Api.Http.OpenApi;
using Api.Http.RateLimiting;
using Api.Http.Caching;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Api.Contact;

static class ContactEndpoints
{
    public static void MapContact(this IEndpointRouteBuilder routes)
    {
        var options = routes.ServiceProvider.GetRequiredService<IOptions<ContactOptions>>().Value;
        var contact = routes.MapGroup("").WithTags("Contact");
        contact.MapGet("/contact-form", GetFormAsync).WithName("getContactForm").Cached("contact-form", Languages.Parameter);
        contact.MapGet("/contact-challenge", NewChallenge).WithName("getContactChallenge");
        contact.MapGet("/contact-receipts/{token}", GetReceiptAsync).WithName(Receipt);
        var submissions = contact.MapGroup("/contact-submissions").AddEndpointFilter(AnswerRepetitionAsync)
            .WithRateLimits("contact", options.Limits.PerClient, options.Limits.Overall).WithValidation().ReceivesJson().WithMetadata(new IgnoredMember(options.Honeypot), new TakesIdempotencyKey(),
                new ResponseHeader("Location", "The address of the receipt.", "/v1/contact-receipts/7k3qx9mz2tbv0f1e2d3c4b5a69788796a5b4c3d2e1f0"));
        submissions.MapPost("/", AddAsync).WithName("createContactSubmission");
    }

    const string Receipt = "getContactReceipt";

    /// <summary>
    /// Answers a retry of an acknowledged message as the first time, whatever the limits, the rules and the challenge say now. The first
    /// answer is looked for only when the message is refused, so a new message costs no extra read.
    /// </summary>
    static async ValueTask<object?> AnswerRepetitionAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var http = invocation.HttpContext;
        if (IdempotencyKey.Read(http.Request, out var key) is { } malformed) return new Problem<Problems.Malformed>(malformed);
        object? result;
        try
        {
            result = await next(invocation);
        }
        catch (Exception) when (key is not null && !http.RequestAborted.IsCancellationRequested)
        {
            if (await FindAsync() is { } kept) return kept;
            throw;
        }
        return key is not null && RateLimits.StatusOf(result) >= 400 && await FindAsync() is { } found ? found : result;

        async Task<Created<ContactReceipt>?> FindAsync()
        {
            var body = invocation.Arguments.OfType<Body<ContactSubmission>>().Single();
            var intake = http.RequestServices.GetRequiredService<ContactIntake>();
            if (body.Errors.Count > 0 || await intake.FindReceiptAsync(body.Value, key!, http.RequestAborted) is not { } receipt) return null;
            return Created(receipt, http);
        }
    }

    /// <summary>Describes the contact form</summary>
    /// <remarks>
    /// All that a page needs to draw the form without knowing it beforehand, and to check it by the rules of the server before
    /// it is sent: the schema of a submission, the locations to choose from, the texts in the visitor's language.
    ///
    /// Draw the members of `schema` in their order, each with its `title`. Show the notices. Add a field named as `honeypot`
    /// that people do not see (moved out of sight with CSS, `tabindex="-1"`, `autocomplete="off"`, `aria-hidden="true"`) and send
    /// what it holds. Measure `secondsToFill`. Where `challenge.mode` is not `off`, put in the `altcha` web component with
    /// `challenge.url` and send what it solves as `altcha`. Make an `Idempotency-Key` once for what was filled in, and send it
    /// with every try until there is an answer.
    /// </remarks>
    /// <param name="in">The language of texts, `en` or `es`, with or without a region. Without it Accept-Language chooses.</param>
    /// <param name="form"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<Ok<ContactForm>, Problem<Problems.Invalid>>> GetFormAsync(string? @in, ContactFormBuilder form, HttpContext http, CancellationToken ct)
    {
        if (Languages.Choose(http, @in, out var language) is { } broken) return Problems.BrokenRules(broken);
        return TypedResults.Ok(await form.BuildAsync(language, http.Request.PathBase, ct));
    }

    /// <summary>Sends a message to the clinic</summary>
    /// <remarks>
    /// Answered 201 only once the message is on disk, so a message that was acknowledged is never lost. A 422 names every
    /// broken rule at once, in the language of `Accept-Language`, and stores nothing.
    ///
    /// Only so many messages are taken from one address, and from all together: `RateLimit` tells what is left, and a 429 when
    /// to try again. What is refused or fails is not counted.
    ///
    /// Send an `Idempotency-Key`, and a request that is sent again, because its answer was lost or the connection broke, is
    /// stored once and answered the same, before limits and rules are looked at. The key is remembered for 24 hours unless the
    /// clinic has set another time. Reusing a key with a different message returns 422; `secondsToFill` and `altcha` may differ.
    ///
    /// The answer has a `token`, and its address in `Location`, for asking later whether the message was handled.
    /// </remarks>
    static async Task<Results<Created<ContactReceipt>, Problem<Problems.Malformed>, Problem<Problems.Invalid>>> AddAsync(
        Body<ContactSubmission> body, ContactIntake intake, Altcha altcha, ChallengeOptions challenges, HttpContext http)
    {
        if (IdempotencyKey.Read(http.Request, out var key) is { } malformed) return new Problem<Problems.Malformed>(malformed);
        var submission = body.Value;
        if (Check(submission.Altcha, altcha, challenges, out var redemption) is { } fault) return Refused(fault);

        var (outcome, receipt) = await intake.ReceiveAsync(submission, IsFilled(body.Ignored), key, redemption, CultureInfo.CurrentUICulture);
        if (outcome == Intake.Repeated) RateLimits.DoNotCount(http);
        return outcome switch
        {
            Intake.KeyTaken => Problems.BrokenRules(FieldError.ForParameter(IdempotencyKey.Header, ContactText.Get("KeyTaken"))),
            Intake.ChallengeSpent => Refused("ChallengeSpent"),
            _ => Created(receipt!, http),
        };

        static Problem<Problems.Invalid> Refused(string text) => Problems.BrokenRules(FieldError.AtPointer("#/altcha", ContactText.Get(text)));
    }

    // People do not see the honeypot, and a form sends it empty.
    static bool IsFilled(JsonElement? honeypot) => honeypot?.ValueKind switch
    {
        null or JsonValueKind.Null or JsonValueKind.False => false,
        JsonValueKind.String => !string.IsNullOrWhiteSpace(honeypot.Value.GetString()),
        _ => true,
    };

    static Created<ContactReceipt> Created(ContactReceipt receipt, HttpContext http)
    {
        http.Response.Headers.CacheControl = "no-store";
        // The framework logs every link that it makes, and the token is for the sender alone: it is put in afterwards.
        const string Token = "token";
        var path = http.RequestServices.GetRequiredService<LinkGenerator>().GetPathByName(http, Receipt, new { Token })!;
        return TypedResults.Created(path[..^Token.Length] + receipt.Token, receipt);
    }

    // After the fields, so that a challenge is not spent on a message that is refused.
    static string? Check(string? payload, Altcha altcha, ChallengeOptions challenges, out Redemption? redemption)
    {
        redemption = null;
        if (challenges.Mode == ChallengeMode.Off) return null;
        if (payload is null) return challenges.Mode == ChallengeMode.Required ? "ChallengeNeeded" : null;
        var verdict = altcha.Verify(payload, out var solved);
        if (verdict == ChallengeVerdict.Valid) redemption = solved;
        return verdict switch
        {
            ChallengeVerdict.Valid => null,
            ChallengeVerdict.Expired => "ChallengeExpired",
            _ => "ChallengeWrong",
        };
    }

    /// <summary>Tells whether a message was handled</summary>
    /// <remarks>
    /// For the sender, who alone has the token: whether the clinic has marked the message as handled, and when. Never what it
    /// says. A token that is wrong is answered as one that never was.
    /// </remarks>
    /// <param name="token">The `token` of the 201.</param>
    /// <param name="tokens"></param>
    /// <param name="store"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<Ok<ReceiptStatus>, Problem<Problems.NotFound>>> GetReceiptAsync(
        string token, ReceiptToken tokens, ContactStore store, HttpContext http, CancellationToken ct)
    {
        // Looked for in any case, so that the time it takes does not tell why there is none.
        var reference = tokens.Read(token);
        if (await store.FindAsync(reference ?? "", ct) is not { } found) return new Problem<Problems.NotFound>(ContactText.Get("NoSuchReceipt"));
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new ReceiptStatus(
            found.Reference, found.HandledAt is null ? SubmissionStatus.Received : SubmissionStatus.Handled, found.ReceivedAt, found.HandledAt));
    }

    /// <summary>A challenge for the sender's browser</summary>
    /// <remarks>
    /// Proof of work against mass mailing, without cookies and third parties: ALTCHA, version 1 of its protocol. Give this address to the
    /// widget of the npm package `altcha` 2 as its `challengeurl`. Every answer is another challenge, which can be solved and
    /// sent back once, until it expires. Where none is wanted, this is a 404.
    /// </remarks>
    static Results<Ok<ContactChallenge>, Problem<Problems.NotFound>> NewChallenge(Altcha altcha, ChallengeOptions options, HttpContext http)
    {
        if (options.Mode == ChallengeMode.Off) return new Problem<Problems.NotFound>(ContactText.Get("NoChallenge"));
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(altcha.NewChallenge());
    }
}
