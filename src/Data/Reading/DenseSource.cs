namespace FitCluster.Data.Reading;

/// <summary>Takes the rows of a dense matrix one after the other; NaN is missing. The values may be changed by the taker.</summary>
internal delegate void DenseRowTaker(string? name, Span<double> values);

/// <summary>A dense matrix as a sequence of rows, which is read once.</summary>
internal abstract class DenseSource : SourceBase
{
    /// <summary>The number of rows, when known beforehand.</summary>
    public long? RowCount { get; protected set; }

    /// <summary>Hands over all rows. For each row, the name is null when the file has none.</summary>
    public abstract void Read(DenseRowTaker taker);
}
