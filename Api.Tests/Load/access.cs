#:sdk Microsoft.NET.Sdk.Web
#:project API_PROJECT
#:property ManagePackageVersionsCentrally=false
#:property PublishAot=false
#:property AssemblyName=Api.Tests
#:property InvariantGlobalization=false

// Times the authentication of a key that was seen within the last second, without HTTP, and counts what it allocates. `run` puts
// the project's path in; by the assembly's name it sees the API's internals.
//
//   access FOLDER KEY: the database that has the key
//
// Prints rows for table.py.

using System.Diagnostics;
using Api.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;

const int Rounds = 15,
    Times = 20_000;

await using var app = Api.Program.Compose([$"--Database:Folder={args[0]}"]);
var authorization = $"Bearer {args[1]}";

// Prints the microseconds and the bytes that one takes, a row for each round but the first two, which warm up.
for (var round = -2; round < Rounds; round++)
{
    var bytes = GC.GetTotalAllocatedBytes();
    var start = Stopwatch.GetTimestamp();
    for (var turn = 0; turn < Times; turn++)
    {
        using var scope = app.Services.CreateScope();
        var http = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
        http.Request.Headers.Authorization = authorization;
        if (!(await http.AuthenticateAsync(KeyAuthentication.SchemeName)).Succeeded)
            throw new InvalidOperationException("The key is refused.");
    }
    var time = Stopwatch.GetElapsedTime(start);
    bytes = GC.GetTotalAllocatedBytes() - bytes;
    if (round >= 0)
        Console.WriteLine(
            FormattableString.Invariant(
                $"authenticate a key\tapi\t{time.TotalMicroseconds / Times:F3}\t{(double)bytes / Times:F0}"
            )
        );
}
