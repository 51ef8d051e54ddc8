using System.Text;

namespace Api.Seed;

/// <summary>Reads a seed's file as text. Bytes that are no text are a mistake with a line, never a replacement character.</summary>
static class SeedText
{
    // Strict ones: the framework's own put U+FFFD in the place of what they cannot read.
    static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    static readonly UnicodeEncoding Utf16 = new(bigEndian: false, byteOrderMark: true, throwOnInvalidBytes: true);
    static readonly UnicodeEncoding Utf16BigEndian = new(bigEndian: true, byteOrderMark: true, throwOnInvalidBytes: true);

    /// <exception cref="StartupFault">The file cannot be read.</exception>
    /// <exception cref="SeedMistake">It is not text.</exception>
    public static string Read(string file)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupFault($"{file} cannot be read: give this user access to it.", e);
        }

        var (encoding, mark) = bytes switch
        {
            [0xEF, 0xBB, 0xBF, ..] => ((Encoding)Utf8, 3),
            [0xFF, 0xFE, ..] => (Utf16, 2),
            [0xFE, 0xFF, ..] => (Utf16BigEndian, 2),
            _ => (Utf8, 0),
        };
        var text = Decode(encoding, bytes, mark);
        var nul = text.IndexOf('\0', StringComparison.Ordinal);
        return nul < 0 ? text : throw new SeedMistake(LineAt(text[..nul]), "there is a character U+0000 here: remove it, or save the file as UTF-8.");
    }

    static string Decode(Encoding encoding, byte[] bytes, int start)
    {
        try
        {
            return encoding.GetString(bytes, start, bytes.Length - start);
        }
        catch (DecoderFallbackException)
        {
            // As far as it can be read: the line is counted there.
            var decoder = encoding.GetDecoder();
            var before = new StringBuilder();
            var chars = new char[4];
            try
            {
                for (var i = start; i < bytes.Length; i++) before.Append(chars, 0, decoder.GetChars(bytes, i, 1, chars, 0, flush: i == bytes.Length - 1));
            }
            catch (DecoderFallbackException)
            {
                // Expected: this is the place.
            }
            var name = encoding == Utf8 ? "UTF-8" : "UTF-16";
            throw new SeedMistake(LineAt(before.ToString()), $"there are bytes here that are not {name}: save the file as UTF-8.");
        }
    }

    static int LineAt(string before) => Lines(before).Length;

    /// <summary>The lines of a text, whichever way they end.</summary>
    public static string[] Lines(string text) => text.Split(["\r\n", "\n", "\r"], StringSplitOptions.None);
}
