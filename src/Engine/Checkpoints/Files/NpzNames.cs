using System.Text;

namespace FitCluster.Engine;

/// <summary>
/// The names of arrays as names of zip entries, one to one: letters, digits, '_', '-', '.' and '/' stay ("moments/m" is read as
/// z["moments/m"]), every other byte of the UTF-8 text is %XX, and so is what could lead out of a folder: a '.' that begins, and a '/' that
/// begins, ends or doubles. The empty name is "%". Any URL decoder (urllib.parse.unquote, URLdecode) turns all but that one back.
/// </summary>
internal static class NpzNames
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public static string Escape(string name)
    {
        if (name.Length == 0)
        {
            return "%";
        }

        var bytes = Strict.GetBytes(name);
        var text = new StringBuilder(bytes.Length);
        for (var i = 0; i < bytes.Length; i++)
        {
            var c = (char)bytes[i];
            var begins = i == 0 || bytes[i - 1] == '/';
            var isPlain = char.IsAsciiLetterOrDigit(c) || c is '_' or '-' || (c == '.' && !begins) ||
                (c == '/' && !begins && i < bytes.Length - 1);
            if (isPlain)
            {
                text.Append(c);
            }
            else
            {
                text.Append('%').Append(bytes[i].ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        return text.ToString();
    }
}
