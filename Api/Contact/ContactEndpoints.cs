using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using Api.Http;
using Api.Http.Caching;
using Api.Http.OpenApi;
using Api.Http.RateLimiting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Api.Contact;

static class ContactEndpoints
{
    const string ReceiptEndpoint = "getContactReceipt";

    public static void MapContact(this IEndpointRouteBuilder routes)
    {
        var options = routes.ServiceProvider.GetRequiredService<IOptions<ContactOptions>>().Value;
        var contact = routes
            .MapGroup("")
            .WithTag("Contact", "The contact form, its messages, and receipts for their senders.");
        contact.MapGet("/contact-form", GetFormAsync).WithName("getContactForm").Cached(Languages.Parameter);
        contact.MapGet("/contact-challenge", NewChallenge).WithName("getContactChallenge");
        contact.MapGet("/contact-receipts/{token}", GetReceiptAsync).WithName(ReceiptEndpoint);
        var submissions = contact
            .MapGroup("/contact-submissions")
            .AddEndpointFilter(LeadFormsOnAsync)
            .AddEndpointFilter(AnswerRepetitionAsync)
            .WithRateLimits("contact", options.Limits.PerClient, options.Limits.Overall)
            .WithValidation()
            .ReceivesJson()
            .WithMetadata(
                new IgnoredMember(options.Honeypot),
                new TakesIdempotencyKey(),
                new ResponseHeader(
                    "Location",
                    "The address of the receipt.",
                    "/v1/contact-receipts/7k3qx9mz2tbv0f1e2d3c4b5a69788796a5b4c3d2e1f0",
                    IsRequired: true
                )
            )
            .MapPost("/", AddAsync)
            .WithName("createContactSubmission");
        if (options.Redirects is { Success: { } success, Failure: { } failure })
            submissions
                .WithMetadata(new HtmlForm(success, failure, ContactSubmission.Members))
                .Accepts<ContactSubmission>("application/json", HtmlForms.MediaTypes);
    }

    /// <summary>Leads the browser of a plain form to the clinic's page, with the reference of the message.</summary>
    static async ValueTask<object?> LeadFormsOnAsync(
        EndpointFilterInvocationContext invocation,
        EndpointFilterDelegate next
    )
    {
        var result = await next(invocation);
        if (HtmlForms.Find(invocation.HttpContext) is not { } form)
            return result;
        var answer = result is INestedHttpResult nested ? nested.Result : result;
        return answer is Created<ContactReceipt> { Value: { } receipt }
            ? HtmlForms.Redirect(form.Success, new KeyValuePair<string, string?>("reference", receipt.Reference))
            : result;
    }

    /// <summary>
    /// Answers a repetition of an acknowledged message like the first time, whatever the limits, rules and challenges
    /// say now. The first answer is looked for only after a refusal, so a new message costs no extra read.
    /// </summary>
    static async ValueTask<object?> AnswerRepetitionAsync(
        EndpointFilterInvocationContext invocation,
        EndpointFilterDelegate next
    )
    {
        var http = invocation.HttpContext;
        if (IdempotencyKey.Read(http.Request, out var key) is { } malformed)
            return new Problem<Problems.Malformed>(malformed);
        object? result;
        try
        {
            result = await next(invocation);
        }
        catch (Exception) when (key is not null && !http.RequestAborted.IsCancellationRequested)
        {
            if (await FindFirstAnswerAsync() is { } first)
                return first;
            throw;
        }
        var isRefused = key is not null && RateLimits.StatusOf(result) >= 400;
        return isRefused ? await FindFirstAnswerAsync() ?? result : result;

        async Task<Created<ContactReceipt>?> FindFirstAnswerAsync()
        {
            var body = invocation.Arguments.OfType<Body<ContactSubmission>>().Single();
            if (body.Errors.Count > 0)
                return null;
            var intake = http.RequestServices.GetRequiredService<ContactIntake>();
            var receipt = await intake.FindReceiptAsync(body.Value, key!, http.RequestAborted);
            return receipt is null ? null : Created(receipt, http);
        }
    }

    /// <summary>Get the description of the contact form</summary>
    /// <remarks>
    /// Everything a page needs to draw the form without knowing it beforehand, and to check it by the server's rules
    /// before it is sent: the schema of a submission, the locations to choose from, the texts in the visitor's
    /// language.
    ///
    /// Draw the members of `schema` in their order, each with its `title`. Show the notices. Add a field named as
    /// `honeypot` that people do not see (moved out of sight with CSS, `tabindex="-1"`, `autocomplete="off"`,
    /// `aria-hidden="true"`), and send its value. Measure `secondsToFill`. If `challenge.mode` is not `off`, add the
    /// `altcha` web component with `challenge.url` and send its solution as `altcha`. Make one `Idempotency-Key` for
    /// each filled-in form, and send it with every attempt until there is an answer.
    /// </remarks>
    /// <param name="in" example="en">
    /// The language of texts, `en` or `es`, with or without a region. Default: the best match of Accept-Language.
    /// </param>
    static async Task<Results<Ok<ContactForm>, Problem<Problems.Invalid>>> GetFormAsync(
        [MaxLength(Languages.LongestTag)] string? @in,
        ContactFormBuilder form,
        HttpContext http,
        CancellationToken ct
    )
    {
        if (Languages.Choose(http, @in, out var language) is { } broken)
            return Problems.BrokenRules(broken);
        return TypedResults.Ok(await form.BuildAsync(language, http.Request.PathBase, ct));
    }

    /// <summary>Send a message to the clinic</summary>
    /// <remarks>
    /// The answer is 201 only after the message is on disk, so an acknowledged message is never lost. A 422 names every
    /// broken rule at once, in the language of `Accept-Language`, and stores nothing.
    ///
    /// The number of messages is limited for each address and for all together. `RateLimit` shows how many are left,
    /// and a 429 when to try again. Refused and failed requests do not count.
    ///
    /// Send an `Idempotency-Key`. If the answer is lost or the connection breaks, send the request again with the same
    /// key: it is stored once and gets the same answer, before limits and rules are checked. The key is remembered for
    /// 24 hours unless the clinic has set another time. Reusing a key with a different message returns 422;
    /// `secondsToFill` and `altcha` may differ.
    ///
    /// If the server's settings name pages to go on to, a plain HTML form can send its fields, too
    /// (`application/x-www-form-urlencoded` or `multipart/form-data`). The answer is then a 303 to one of these pages,
    /// with `reference`, or with `status` and the names of the wrong fields as `errors`, in its query.
    ///
    /// The answer has a `token`, and its address in `Location`, to look up later whether the message was handled.
    /// </remarks>
    static async Task<Results<Created<ContactReceipt>, Problem<Problems.Invalid>>> AddAsync(
        Body<ContactSubmission> body,
        ContactIntake intake,
        Altcha altcha,
        IOptions<ContactOptions> options,
        HttpContext http
    )
    {
        // AnswerRepetitionAsync has refused a malformed one.
        IdempotencyKey.Read(http.Request, out var key);
        var submission = body.Value;
        // After the validation, so that a challenge is not spent on a message that is refused.
        if (CheckChallenge(submission.Altcha, altcha, options.Value.Challenge.Mode, out var redemption) is { } fault)
            return RefuseChallenge(fault);

        var (outcome, receipt) = await intake.ReceiveAsync(
            submission,
            IsFilled(body.Ignored),
            key,
            redemption,
            CultureInfo.CurrentUICulture
        );
        if (outcome == IntakeOutcome.Repeated)
            RateLimits.DoNotCount(http);
        return outcome switch
        {
            IntakeOutcome.KeyTaken => Problems.BrokenRules(
                FieldError.ForParameter(IdempotencyKey.Header, ContactText.Texts.Get("KeyTaken"))
            ),
            IntakeOutcome.ChallengeSpent => RefuseChallenge("ChallengeSpent"),
            _ => Created(receipt!, http),
        };

        static Problem<Problems.Invalid> RefuseChallenge(string text) =>
            Problems.BrokenRules(FieldError.AtPointer("#/altcha", ContactText.Texts.Get(text)));
    }

    // People do not see the honeypot, and a form sends it empty.
    static bool IsFilled(JsonElement? honeypot) =>
        honeypot?.ValueKind switch
        {
            null or JsonValueKind.Null or JsonValueKind.False => false,
            JsonValueKind.String => !string.IsNullOrWhiteSpace(honeypot.Value.GetString()),
            _ => true,
        };

    static Created<ContactReceipt> Created(ContactReceipt receipt, HttpContext http)
    {
        http.Response.Headers.CacheControl = "no-store";
        // The framework logs every link that it makes, and only the sender may have the token. So it is added
        // afterwards.
        const string Placeholder = "token";
        var links = http.RequestServices.GetRequiredService<LinkGenerator>();
        var path = links.GetPathByName(http, ReceiptEndpoint, new { token = Placeholder })!;
        return TypedResults.Created(path[..^Placeholder.Length] + receipt.Token, receipt);
    }

    /// <returns>The name of the text that says what is wrong; <c>null</c> when the message may go on.</returns>
    static string? CheckChallenge(string? payload, Altcha altcha, ChallengeMode mode, out Redemption? redemption)
    {
        redemption = null;
        if (mode == ChallengeMode.Off)
            return null;
        if (payload is null)
            return mode == ChallengeMode.Required ? "ChallengeNeeded" : null;
        switch (altcha.Verify(payload, out var solved))
        {
            case ChallengeVerdict.Valid:
                redemption = solved;
                return null;
            case ChallengeVerdict.Expired:
                return "ChallengeExpired";
            default:
                return "ChallengeWrong";
        }
    }

    /// <summary>Get the state of a message</summary>
    /// <remarks>
    /// For the sender, who alone has the token: whether the clinic has marked the message as handled, and when. The
    /// answer never contains the message. A wrong token gets the same answer as one that never existed.
    /// </remarks>
    /// <param name="token" example="7k3qx9mz2tbv0f1e2d3c4b5a69788796a5b4c3d2e1f0">The `token` of the 201.</param>
    static async Task<Results<Ok<ReceiptStatus>, Problem<Problems.NotFound>>> GetReceiptAsync(
        [MaxLength(44)] string token,
        ReceiptToken tokens,
        ContactStore store,
        HttpContext http,
        CancellationToken ct
    )
    {
        // The database is asked in any case, so that the time of the answer does not show why there is no receipt.
        var reference = tokens.Read(token);
        if (await store.FindAsync(reference ?? "", ct) is not { } found)
            return new Problem<Problems.NotFound>(ContactText.Texts.Get("NoSuchReceipt"));
        http.Response.Headers.CacheControl = "no-store";
        var status = found.HandledAt is null ? SubmissionStatus.Received : SubmissionStatus.Handled;
        return TypedResults.Ok(
            new ReceiptStatus(found.Reference, status, found.ReceivedAt, found.HandledAt, found.HandledBy)
        );
    }

    /// <summary>Get a challenge for the sender's browser</summary>
    /// <remarks>
    /// Proof of work against mass mailing, without cookies and third parties: ALTCHA, version 1 of its protocol. Give
    /// this address to the widget of the npm package `altcha` 2 as its `challengeurl`. Every answer is a new challenge,
    /// which can be solved and sent back once, until it expires. If the clinic uses no challenges, the answer is 404.
    /// </remarks>
    static Results<Ok<ContactChallenge>, Problem<Problems.NotFound>> NewChallenge(
        Altcha altcha,
        IOptions<ContactOptions> options,
        HttpContext http
    )
    {
        if (options.Value.Challenge.Mode == ChallengeMode.Off)
            return new Problem<Problems.NotFound>(ContactText.Texts.Get("NoChallenge"));
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(altcha.NewChallenge());
    }
}
