using System.Text.Json;

namespace FitCluster.Models.Simulation;

/// <summary>Draws data of known truth row by row; rows in any order, on any thread, and again.</summary>
internal interface ISimulator
{
    long Rows { get; }

    int Columns { get; }

    int Factors { get; }

    /// <summary>Whether values are counts, of which zeros need not be stored.</summary>
    bool AreCounts { get; }

    /// <summary>Whether some values are missing (NaN).</summary>
    bool HasMissing { get; }

    /// <summary>The truth's file of the rows' factors, without its ending.</summary>
    string RowTruth { get; }

    /// <summary>Draws a row: its true factors, and its values, which come in as zeros.</summary>
    void Draw(long row, Span<double> factors, Span<double> values);

    /// <summary>Writes the truth that does not come with the rows.</summary>
    void WriteTruth(string folder);

    /// <summary>Writes what was asked for as fields of truth.json.</summary>
    void WriteOptions(Utf8JsonWriter writer, string format);
}
