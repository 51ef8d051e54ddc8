// What a front end does with the API, with the client that Kiota generates, against a server that takes three messages:
// the same as ../Npm/clients/round.ts.
//
//   dotnet tool restore
//   dotnet kiota generate --openapi ../../openapi.yaml --language CSharp --namespace-name Clinic --class-name ClinicClient \
//     --output generated
//   dotnet run http://localhost:5080
using Clinic;
using Clinic.Models;
using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Abstractions.Authentication;
using Microsoft.Kiota.Http.HttpClientLibrary;
using Microsoft.Kiota.Http.HttpClientLibrary.Middleware.Options;

using var adapter = new HttpClientRequestAdapter(new AnonymousAuthenticationProvider()) { BaseUrl = args[0] };
var client = new ClinicClient(adapter);
var response = new HeadersInspectionHandlerOption { InspectResponseHeaders = true };

var first = await client.V1.Articles.GetAsync(request =>
{
    request.QueryParameters.Limit = 1;
    request.Options.Add(response);
});
Check(first!.Items!.Count == 1 && first.NextCursor is not null, "the first page");
var second = await client.V1.Articles.GetAsync(request =>
{
    request.QueryParameters.Limit = 1;
    request.QueryParameters.Cursor = first.NextCursor;
});
Check(second!.Items!.Single().Title != first.Items[0].Title, "the second page");
var unchanged = await client.V1.Articles.GetAsync(request =>
{
    request.QueryParameters.Limit = 1;
    request.Headers.Add("If-None-Match", response.ResponseHeaders["ETag"].Single());
});
Check(unchanged is null, "304");
var found = await client.V1.Articles.GetAsync(request => request.QueryParameters.Q = "anxiety");
Check(found!.Items!.Count > 0, "search");

var article = await client.V1.Articles["understanding-anxiety"].GetAsync();
Check(article!.Title == "Understanding Anxiety", "an article");
var missing = await FailAsync(() => client.V1.Articles["unknown"].GetAsync());
Check(missing.ResponseStatusCode == 404 && missing.Type == "/problems/not-found", "404");
Check(missing.Message == "There is no article 'unknown'.", "the message of an exception");

var status = await client.V1.Locations["jonesboro"].Status.GetAsync();
Check(status!.Text!.Length > 0 && (status.IsOpen == true) == (status.State == State.Open), "the status");
var calendar = await client
    .V1.Locations["jonesboro"]
    .Calendar.GetAsync(request =>
    {
        request.QueryParameters.From = new Date(2026, 12, 21);
        request.QueryParameters.To = new Date(2026, 12, 27);
    });
Check(calendar!.Days!.Count == 7 && calendar.Days[0].Day == IsoDayOfWeek.Monday, "the calendar");

var form = await client.V1.ContactForm.GetAsync();
Check(form!.Honeypot == "website" && form.Locations!.Any(choice => choice.Value == "jonesboro"), "the form");
var sent = await SendAsync("\"first\"", NewMessage());
var again = await SendAsync("\"first\"", NewMessage());
Check(sent!.Reference is not null && again!.Reference == sent.Reference, "the same answer again");
var wrong = NewMessage();
wrong.Email = null;
wrong.Message = " ";
var refusal = await FailAsync(() => SendAsync("\"second\"", wrong));
Check(refusal.ResponseStatusCode == 422, "422");
Check(refusal.Errors!.Select(error => error.Pointer).SequenceEqual(["#/email", "#/message"]), "the pointers");
await SendAsync("\"third\"", NewMessage());
await SendAsync("\"fourth\"", NewMessage());
var limit = await FailAsync(() => SendAsync("\"fifth\"", NewMessage()));
Check(limit.ResponseStatusCode == 429, "429");

var hours = await client.V1.Locations["jonesboro"].Hours.Osm.GetAsync();
Check(hours!.Contains("Mo", StringComparison.Ordinal), "text/plain");

// Kiota's own method for a text that is not text/plain returns nothing; the text is there as a stream.
var request = client.V1.HoursIcs.ToGetRequestInformation();
using var events = new StreamReader((await adapter.SendPrimitiveAsync<Stream>(request))!);
Check((await events.ReadToEndAsync()).StartsWith("BEGIN:VCALENDAR", StringComparison.Ordinal), "text/calendar");

static ContactSubmission NewMessage() =>
    new()
    {
        Name = "Ana Müller",
        Email = "ana@example.com",
        PreferredContact = PreferredContact.Email,
        Location = "jonesboro",
        Message = "I would like an appointment.",
        Consent = true,
    };

Task<ContactReceipt?> SendAsync(string key, ContactSubmission message) =>
    client.V1.ContactSubmissions.PostAsync(
        message,
        request =>
        {
            request.Headers.Add("Idempotency-Key", key);
            // Otherwise Kiota itself waits as long as the 429 says, which is minutes.
            request.Options.Add(new RetryHandlerOption { MaxRetry = 0 });
        }
    );

static async Task<ProblemDocument> FailAsync(Func<Task> call)
{
    try
    {
        await call();
    }
    catch (ProblemDocument problem)
    {
        return problem;
    }
    throw new InvalidOperationException("This call must fail.");
}

static void Check(bool condition, string what)
{
    if (!condition)
        throw new InvalidOperationException(what);
}
