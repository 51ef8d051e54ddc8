#:sdk Microsoft.NET.Sdk
#:project API_PROJECT
#:property ManagePackageVersionsCentrally=false
#:property PublishAot=false
#:property AssemblyName=Api.Tests
#:property InvariantGlobalization=false

// Times the verdict on solved challenges, without HTTP and without redeeming them, and counts what it allocates. `run` puts
// the project's path in; by the assembly's name it sees the API's internals.
//
// Prints rows for table.py.

using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Api.Contact;

const int Rounds = 15,
    Turns = 200;

var altcha = new Altcha(
    RandomNumberGenerator.GetBytes(32),
    new ChallengeOptions { MaxNumber = 1000 },
    TimeProvider.System
);

// As the widget writes them.
var payloads = Enumerable
    .Range(0, 100)
    .Select(_ =>
    {
        var (algorithm, challenge, largest, salt, signature) = altcha.NewChallenge();
        var number = Enumerable
            .Range(0, largest + 1)
            .Single(n => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"{salt}{n}"))) == challenge);
        return Convert.ToBase64String(
            Encoding.ASCII.GetBytes(
                $$"""{"algorithm":"{{algorithm}}","challenge":"{{challenge}}","number":{{number}},"salt":"{{salt}}","signature":"{{signature}}","took":{{number}}}"""
            )
        );
    })
    .ToArray();

// Prints the microseconds and the bytes that one verdict takes, a row for each round but the first two, which warm up.
for (var round = -2; round < Rounds; round++)
{
    var valid = 0;
    var bytes = GC.GetAllocatedBytesForCurrentThread();
    var start = Stopwatch.GetTimestamp();
    for (var turn = 0; turn < Turns; turn++)
    {
        foreach (var payload in payloads)
            if (altcha.Verify(payload, out _) == ChallengeVerdict.Valid)
                valid++;
    }
    var time = Stopwatch.GetElapsedTime(start);
    bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
    var times = (double)Turns * payloads.Length;
    if (valid != times)
        throw new InvalidOperationException($"{times - valid} of {times} solutions are not valid.");
    if (round >= 0)
        Console.WriteLine(
            FormattableString.Invariant(
                $"verify an ALTCHA solution\tapi\t{time.TotalMicroseconds / times:F3}\t{bytes / times:F0}"
            )
        );
}
