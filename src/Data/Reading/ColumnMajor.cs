namespace FitCluster.Data.Reading;

/// <summary>Reads <paramref name="count"/> values of a column from a row on.</summary>
internal delegate void ColumnPart(int firstRow, int count, int column, Span<double> into);

/// <summary>Turns an array stored column after column into rows, a band of rows at a time, so that memory is read in runs.</summary>
internal static class ColumnMajor
{
    private const int BandBytes = 1 << 25;

    public static void Read(int rows, int columns, ColumnPart part, DenseRowTaker taker)
    {
        var band = (int)long.Clamp(BandBytes / sizeof(double) / long.Max(columns, 1), 1, int.Max(rows, 1));
        var column = new double[band];
        var values = new double[(long)band * columns];
        for (var first = 0; first < rows; first += band)
        {
            var count = int.Min(band, rows - first);
            for (var j = 0; j < columns; j++)
            {
                part(first, count, j, column.AsSpan(0, count));
                for (var i = 0; i < count; i++)
                {
                    values[((long)i * columns) + j] = column[i];
                }
            }

            for (var i = 0; i < count; i++)
            {
                taker(null, values.AsSpan(i * columns, columns));
            }
        }
    }
}
