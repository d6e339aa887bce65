using System.Text;

namespace FitCluster.Data.Reading;

/// <summary>
/// The fields of one line of delimited text, one after the other. Quotes around a field are taken off; a doubled quote within is one.
/// </summary>
internal ref struct Fields(ReadOnlySpan<byte> line, byte delimiter)
{
    private ReadOnlySpan<byte> _rest = line;
    private bool _more = true;

    /// <summary>
    /// The delimiter a line uses: a tab if there is one, otherwise the more frequent of comma and semicolon, otherwise a blank.
    /// </summary>
    public static byte Delimiter(ReadOnlySpan<byte> line)
    {
        if (line.Contains((byte)'\t'))
        {
            return (byte)'\t';
        }

        var (commas, semicolons) = (line.Count((byte)','), line.Count((byte)';'));
        return commas == 0 && semicolons == 0 && line.Contains((byte)' ') ? (byte)' ' : semicolons > commas ? (byte)';' : (byte)',';
    }

    /// <summary>All fields of a line as text.</summary>
    public static string[] All(ReadOnlySpan<byte> line, byte delimiter)
    {
        var list = new List<string>();
        var fields = new Fields(line, delimiter);
        while (fields.Next(out var field))
        {
            list.Add(Encoding.UTF8.GetString(field));
        }

        return [.. list];
    }

    public bool Next(out ReadOnlySpan<byte> field)
    {
        if (!_more)
        {
            field = default;
            return false;
        }

        if (_rest.Length > 0 && _rest[0] == '"')
        {
            return NextQuoted(out field);
        }

        var end = _rest.IndexOf(delimiter);
        field = end < 0 ? _rest : _rest[..end];
        _more = end >= 0;
        _rest = end < 0 ? default : _rest[(end + 1)..];
        return true;
    }

    private bool NextQuoted(out ReadOnlySpan<byte> field)
    {
        var (i, doubled) = (1, false);
        for (; i < _rest.Length; i++)
        {
            if (_rest[i] == '"')
            {
                if (i + 1 < _rest.Length && _rest[i + 1] == '"')
                {
                    doubled = true;
                    i++;
                    continue;
                }

                break;
            }
        }

        field = _rest[1..int.Min(i, _rest.Length)];
        if (doubled)
        {
            field = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(field).Replace("\"\"", "\"", StringComparison.Ordinal));
        }

        var rest = _rest[int.Min(i + 1, _rest.Length)..];
        var end = rest.IndexOf(delimiter);
        _more = end >= 0;
        _rest = end < 0 ? default : rest[(end + 1)..];
        return true;
    }
}
