namespace FitCluster.Data.Reading;

/// <summary>
/// Whether text is triplets (row id, column id, value a line) or a table (docs/formats.md, "A table or triplets?"). A table is never taken
/// for triplets by accident: their names must say so, or the structure of the ids in the whole head; one odd cell decides nothing.
/// </summary>
internal static class TripletRule
{
    private const int FewestLines = 6;
    private const int FewestRatings = 50;
    private const double LeastTime = 1e8;

    private static readonly HashSet<string> _valueWords =
        [
            "VALUES", "VAL", "RATINGS", "COUNTS", "SCORE", "WEIGHT", "UMI", "UMIS", "X", "N", "STARS", "PLAYS", "EXPRESSION", "TPM",
            "LISTENS", "CLICKS", "LABEL",
        ];

    private static readonly string[] _valueEnds = ["VALUE", "RATING", "COUNT"];

    private static readonly HashSet<string> _idWords =
        [
            "ROW", "COLUMN", "COL", "I", "J", "USER", "ITEM", "MOVIE", "CELL", "GENE", "SAMPLE", "FEATURE", "BARCODE", "PRODUCT",
            "CUSTOMER", "BOOK", "ISBN", "ARTIST", "SONG", "TRACK", "DOCUMENT", "DOC", "WORD", "TERM", "PROTEIN", "PEPTIDE", "DRUG",
            "PATIENT", "SUBJECT", "CELLBARCODE", "TF", "REGULATOR", "TARGET", "SOURCE",
        ];

    private static readonly HashSet<string> _timeWords = ["TIME", "TIMESTAMP", "DATE", "DATETIME", "UNIXTIME"];

    /// <summary>
    /// The triplets of a text, as its head without what stands before them (<see cref="TableHead.WithoutIndex"/>); null: it is a table.
    /// </summary>
    /// <exception cref="DataException">Lines of numbers alone could be either; the user must say.</exception>
    public static TableHead? Find(string path, TableHead head) =>
        head.WithoutIndex() is { } inner && inner.Lines[0].Fields.Length > 2 &&
            TableHead.KindOf(inner.Lines[0].Fields[2]) == FieldKind.NotANumber && AreTriplets(path, inner) ? inner
        : AreTriplets(path, head) ? head
        : null;

    private static bool AreTriplets(string path, TableHead head)
    {
        var (first, width) = (head.Lines[0].Fields, head.Lines[0].Fields.Length);
        if (width is < 3 or > TableHead.MostTripletFields || first[0].Trim().Length == 0 ||
            (head.Lines.Count > 1 && head.Lines[1].Fields.Length != width))
        {
            return false;
        }

        var hasHeader = TableHead.KindOf(first[2]) is FieldKind.NotANumber;
        if (hasHeader && IsId(first[0]) && IsId(first[1]) && Word(first[0]) != Word(first[1]))
        {
            TableLine[] named = [.. head.Lines.Skip(1).Where(l => l.Fields.Length == width)];
            return IsValue(first[2]) || (named.Length > 0 && new IdPattern(named).RowsRepeat && CanPassOver(first, named));
        }

        // What follows is told by the lines as a whole; the last of a head of many lines is as good as any other.
        TableLine[] lines = [.. head.Lines.Skip(hasHeader ? 1 : 0)];
        if (lines.Length == 0 ||
            !Array.TrueForAll(lines, l => l.Fields.Length == width && TableHead.KindOf(l.Fields[2]) == FieldKind.Number))
        {
            return false;
        }

        var ids = new IdPattern(lines);
        var isNamed = hasHeader && (IsId(first[0]) || IsId(first[1])) && IsValue(first[2]);
        if (head.Form.Separation == Separation.Colons && (!hasHeader || isNamed))
        {
            return ids.AreUnique;
        }

        // A column id may be a word for a missing value.
        if (Array.TrueForAll(lines, l => TableHead.KindOf(l.Fields[1]) is FieldKind.NotANumber or FieldKind.Missing))
        {
            return ids.AreUnique && ids.RowsRepeat && (ids.ColumnsRepeat || ids.HasOneRow || (isNamed && IsId(first[1]))) &&
                (isNamed || CanPassOver(hasHeader ? first : null, lines));
        }

        if (!Array.TrueForAll(lines, l => TableHead.IsWhole(l.Fields[1])) || !ids.AreUnique)
        {
            return false;
        }

        var areWhole = Array.TrueForAll(lines, l => TableHead.IsWhole(l.Fields[0]));
        if (isNamed && ids.RowsRepeat && ids.ColumnsRepeat && (areWhole || ids.AreStructured) && CanPassOver(first, lines))
        {
            return true;
        }

        return !hasHeader && OfNumbers(path, width, areWhole, ids, lines);
    }

    /// <summary>Lines without a header whose second and third fields are numbers.</summary>
    private static bool OfNumbers(string path, int width, bool areWhole, IdPattern ids, TableLine[] lines)
    {
        var repeats = ids.RowsRepeat || ids.ColumnsRepeat;
        if (!areWhole)
        {
            return ids.RowsRepeat && ids.ColumnsRepeat && ids.AreStructured && CanPassOver(null, lines);
        }

        if (width > 3)
        {
            return repeats && width == 4 && AreTimes(lines, 3);
        }

        if (!repeats)
        {
            return false;
        }

        return ids.AreStructured || AreRatings(lines, ids)
            ? true
            : throw new DataException(
                $"{path} could be a table of three columns or a list of entries (row, column, value), as it has no header and all its " +
                "fields are numbers: say which with data.format (--data-format)");
    }

    /// <summary>Whether what stands behind the third field may be passed over: text, times, or always the same.</summary>
    private static bool CanPassOver(string[]? header, TableLine[] lines)
    {
        for (var j = 3; j < lines[0].Fields.Length; j++)
        {
            var (column, value) = (j, lines[0].Fields[j]);
            if (!(header is not null && _timeWords.Contains(Word(header[j]))) && !TableHead.IsText(lines, column) &&
                !AreTimes(lines, column) && !Array.TrueForAll(lines, l => column < l.Fields.Length && l.Fields[column] == value))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a column holds times: whole seconds (or finer) since 1970, from 1973 on.</summary>
    private static bool AreTimes(TableLine[] lines, int column) => Array.TrueForAll(
        lines,
        l => column < l.Fields.Length && NumberParser.Parse(l.Fields[column].AsSpan(), out var time) == FieldKind.Number &&
            time >= LeastTime && time == double.Truncate(time));

    /// <summary>Whether values are of few kinds, as ratings are, where ids are of many.</summary>
    private static bool AreRatings(TableLine[] lines, IdPattern ids)
    {
        var kinds = lines.DistinctBy(l => l.Fields[2]).Count();
        return lines.Length >= FewestRatings && ids.RowsRepeat && ids.ColumnsRepeat && ids.Rows > 2 * kinds && ids.Columns > 2 * kinds;
    }

    private static bool IsValue(string name)
    {
        var word = Word(name);
        return _valueWords.Contains(word) || Array.Exists(_valueEnds, end => word.EndsWith(end, StringComparison.Ordinal));
    }

    private static bool IsId(string name)
    {
        var word = Word(name);
        return _idWords.Contains(word) ||
            (word.EndsWith("ID", StringComparison.Ordinal) && _idWords.Contains(word[..^2])) ||
            (word.EndsWith("NAME", StringComparison.Ordinal) && _idWords.Contains(word[..^4])) ||
            (word.EndsWith('S') && _idWords.Contains(word[..^1]));
    }

    /// <summary>A name's letters and digits, in capitals.</summary>
    private static string Word(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit).Select(char.ToUpperInvariant));

    /// <summary>How ids stand in the lines.</summary>
    private sealed class IdPattern
    {
        public IdPattern(TableLine[] lines)
        {
            (Rows, Columns) = (lines.DistinctBy(l => l.Fields[0]).Count(), lines.DistinctBy(l => l.Fields[1]).Count());
            (RowsRepeat, ColumnsRepeat) = (Rows < lines.Length, Columns < lines.Length);
            HasOneRow = Rows == 1 && lines.Length > 2;
            AreUnique = lines.DistinctBy(l => (l.Fields[0], l.Fields[1])).Count() == lines.Length;

            // Sorted by one of the ids, as those who write triplets do: each of them once, in a run, and half as many again as runs.
            AreStructured = RowsRepeat && ColumnsRepeat && lines.Length >= FewestLines &&
                (AreRuns(lines, 0, Rows) || AreRuns(lines, 1, Columns));
        }

        public int Rows { get; }

        public int Columns { get; }

        public bool RowsRepeat { get; }

        public bool ColumnsRepeat { get; }

        public bool HasOneRow { get; }

        public bool AreUnique { get; }

        public bool AreStructured { get; }

        private static bool AreRuns(TableLine[] lines, int field, int distinct)
        {
            var runs = 1;
            for (var i = 1; i < lines.Length; i++)
            {
                runs += lines[i].Fields[field] != lines[i - 1].Fields[field] ? 1 : 0;
            }

            return runs == distinct && lines.Length * 2 >= distinct * 3;
        }
    }
}
