using System.Text;

namespace FitCluster.Data.Reading;

/// <summary>What the first line of a MatrixMarket file says of its values.</summary>
internal enum MarketField
{
    Real,
    Integer,
    Unsigned,
    Pattern,
}

internal enum Symmetry
{
    General,
    Symmetric,
    Skew,
}

/// <summary>The banner and size line of a MatrixMarket file.</summary>
internal sealed record MatrixMarketHeader(bool Coordinate, MarketField Field, Symmetry Symmetry, int Rows, int Columns, long Entries)
{
    /// <summary>Reads up to the size line and leaves the reader after it.</summary>
    public static MatrixMarketHeader Read(LineReader reader)
    {
        var path = reader.Path;
        if (!reader.Next(out var line) || !line.StartsWith("%%MatrixMarket"u8))
        {
            throw new DataException($"{path} does not begin with %%MatrixMarket; name the format if it is another one");
        }

        var banner = Encoding.UTF8.GetString(line);
        string[] words = [.. banner.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(w => w.ToUpperInvariant())];
        if (words is not ["%%MATRIXMARKET", "MATRIX", "COORDINATE" or "ARRAY", "REAL" or "INTEGER" or "UNSIGNED-INTEGER" or "PATTERN"
            or "DOUBLE", "GENERAL" or "SYMMETRIC" or "SKEW-SYMMETRIC"] || (words[2] == "ARRAY" && words[3] == "PATTERN"))
        {
            throw new DataException($"{path}, line 1: \"{banner}\" is not supported; " +
                "write a matrix that is coordinate or array, real, integer or pattern, general, symmetric or skew-symmetric");
        }

        var coordinate = words[2] == "COORDINATE";
        var symmetry = words[4] == "GENERAL" ? Symmetry.General : words[4] == "SYMMETRIC" ? Symmetry.Symmetric : Symmetry.Skew;
        while (reader.NextNotBlank(out line))
        {
            if (line[0] == '%')
            {
                continue;
            }

            var field = words[3] switch
            {
                "INTEGER" => MarketField.Integer,
                "UNSIGNED-INTEGER" => MarketField.Unsigned,
                "PATTERN" => MarketField.Pattern,
                _ => MarketField.Real,
            };
            return Sizes(reader, Encoding.UTF8.GetString(line), coordinate, field, symmetry);
        }

        throw new DataException($"{path} ends before its size line; write it again");
    }

    /// <summary>Refuses a value that is not of the field that the first line says.</summary>
    public void Check(double value, string path, long line)
    {
        if (Field is MarketField.Integer or MarketField.Unsigned &&
            (value != double.Truncate(value) || (Field == MarketField.Unsigned && value < 0)))
        {
            throw new DataException(FormattableString.Invariant(
                $"{path}, line {line}: the value {value} is no {(Field == MarketField.Integer ? "integer" : "unsigned integer")}, as ") +
                "the first line says that all are: correct it, or write real in the first line");
        }
    }

    private static MatrixMarketHeader Sizes(LineReader reader, string line, bool coordinate, MarketField field, Symmetry symmetry)
    {
        var sizes = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var wanted = coordinate ? 3 : 2;
        var numbers = new long[3];
        for (var i = 0; i < wanted; i++)
        {
            if (sizes.Length != wanted || !NumberParser.TryIndex(sizes[i], out numbers[i]))
            {
                throw new DataException($"{reader.Path}, line {reader.Line}: \"{line}\" is not a size line; " +
                    (coordinate ? "give rows, columns and entries" : "give rows and columns"));
            }
        }

        if (numbers[0] > int.MaxValue || numbers[1] > int.MaxValue)
        {
            throw new DataException(
                $"{reader.Path}, line {reader.Line}: more than {int.MaxValue} rows or columns are not supported; split the matrix");
        }

        if (symmetry != Symmetry.General && numbers[0] != numbers[1])
        {
            throw new DataException(
                $"{reader.Path}, line {reader.Line}: a symmetric matrix cannot be {numbers[0]} x {numbers[1]}; correct the size line");
        }

        var entries = coordinate ? numbers[2] : ArrayEntries(numbers[0], numbers[1], symmetry);
        return new MatrixMarketHeader(coordinate, field, symmetry, (int)numbers[0], (int)numbers[1], entries);
    }

    private static long ArrayEntries(long rows, long columns, Symmetry symmetry) => symmetry switch
    {
        Symmetry.Symmetric => rows * (rows + 1) / 2,
        Symmetry.Skew => rows * (rows - 1) / 2,
        _ => rows * columns,
    };
}
