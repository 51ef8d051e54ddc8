using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Api.Data;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Api.CommandLine;

/// <summary>The sentences for what ends the program.</summary>
static class Faults
{
    /// <summary>
    /// Describes an exception. No command ends with a stack trace, which helps nobody here, nor with an unhandled
    /// exception, since that can leave a core dump with a message in it.
    /// </summary>
    public static string Describe(Exception e) =>
        e switch
        {
            StartupFault fault => fault.Message,
            OptionsValidationException invalid => string.Join('\n', invalid.Failures),
            AggregateException { InnerExceptions: var all } when all.All(one => one is OptionsValidationException) =>
                string.Join('\n', all.Select(Describe)),
            IOException { InnerException: AddressInUseException } =>
                "The port is taken by another program: stop that one, or choose "
                    + $"another with --urls http://localhost:5081. ({e.Message})",
            SocketException or IOException { InnerException: SocketException } =>
                $"The address to listen on cannot be used: choose another with --urls. ({e.Message})",
            FormatException => $"A setting cannot be understood: {e.Message}",
            InvalidDataException { InnerException: FormatException { InnerException: JsonException json } } =>
                $"{e.Message} Correct it near line {json.LineNumber + 1}.",
            WriteQueueFullException => e.Message,
            CryptographicException => "A message cannot be opened with these keys: restore the keys from a backup.",
            _ when StorageFaults.Find(e) is { } fault => fault.Sentence(),
            IOException or UnauthorizedAccessException => $"A file cannot be read or written: {e.Message}",
            // Its message could contain what a sender wrote. Its type and place cannot.
            _ => $"A fault in this program ended it: {e.GetType().Name} in {PlaceOf(e)}. Please report it.",
        };

    static string PlaceOf(Exception e) =>
        e.TargetSite is { } method ? $"{method.DeclaringType?.FullName}.{method.Name}" : "an unknown place";
}
