using FitCluster.Data;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Models.Jobs;

namespace FitCluster.Models;

/// <summary>A finished fit that predicts cells.</summary>
public interface IPredictsCells
{
    /// <summary>Posterior predictive moments; what standard deviations need is read only where they are wanted.</summary>
    ICellPredictor Predictor(bool withSd);
}

/// <summary>Posterior predictive moments of cells, on the scale of the data. Thread-safe.</summary>
public interface ICellPredictor
{
    /// <summary>The mean of a cell.</summary>
    double Mean(int row, int column);

    /// <summary>The standard deviation of a cell, the noise of an entry included.</summary>
    double Sd(int row, int column);

    /// <summary>Whether the standard deviation of a cell is known: the noise of its entry may be what only a file could tell.</summary>
    bool HasSd(int row, int column) => true;
}

/// <summary>A finished fit that recommends columns to rows: those of the highest predictive means that a row has not seen.</summary>
public interface IRecommendsColumns : IPredictsCells
{
    /// <summary>What rows have seen.</summary>
    /// <param name="path">The data; null: those that the fit read.</param>
    ISeenCells Seen(string? path);
}

/// <summary>The columns that a row of a fit has seen. Not thread-safe.</summary>
public interface ISeenCells
{
    /// <summary>The same for another thread.</summary>
    ISeenCells ForAnotherThread();

    /// <summary>Refuses a row that the data do not have.</summary>
    void Check(int row);

    /// <summary>Sets what a row has seen to true, and all else to false.</summary>
    /// <param name="row">The row of the fit.</param>
    /// <param name="seen">By column of the fit.</param>
    void Read(int row, Span<bool> seen);
}

/// <summary>A finished fit onto which new rows are projected: fitted while columns and priors stay as they are.</summary>
public interface IProjectsRows
{
    /// <summary>What fits new rows.</summary>
    /// <param name="data">Their data.</param>
    /// <param name="map">Where their columns are among those of the fit; null: they are the same.</param>
    /// <exception cref="ProblemException">The fit cannot be projected onto, or the data do not fit it.</exception>
    IRowProjection Onto(MatrixSource data, ColumnMap? map);
}

/// <summary>Fits new rows, shard by shard; a row's result depends on that row alone. Thread-safe.</summary>
public interface IRowProjection
{
    /// <summary>The names of the columns of the results' arrays.</summary>
    IReadOnlyList<string> Labels { get; }

    /// <summary>The files of the fit that hold for new rows as well.</summary>
    IReadOnlyList<string> Kept { get; }

    /// <summary>What a shard reads.</summary>
    ShardData Load(ShardId shard, ShardRange range);

    /// <summary>The arrays of a shard's rows: those of the results, one row for each new row.</summary>
    ArraySet Project(ShardData data);
}

/// <summary>What a draw of a group's composition is.</summary>
public enum GroupComposition
{
    /// <summary>The logarithms of the means.</summary>
    Means,

    /// <summary>The logarithms of what a cell of these means could have: a Gamma draw more for each column.</summary>
    Gamma,
}

/// <summary>A finished fit whose groups of rows (datasets, components, levels of a factor) are compared column by column.</summary>
public interface IComparesGroups
{
    /// <summary>The groups that can be named.</summary>
    IReadOnlyList<string> Groups { get; }

    /// <summary>Paired draws of two groups.</summary>
    /// <param name="a">A group.</param>
    /// <param name="b">Another.</param>
    /// <param name="composition">What a draw is.</param>
    /// <param name="seed">The seed.</param>
    /// <exception cref="ProblemException">There is no such group, or they cannot be compared; every problem is listed.</exception>
    IGroupDraws Pair(string a, string b, GroupComposition composition, ulong seed);
}

/// <summary>Draws from the posterior of two groups; a draw is a function of its number alone. Not thread-safe.</summary>
public interface IGroupDraws
{
    /// <summary>Fills the logarithm of each column's abundance; a factor common to all columns may be open.</summary>
    /// <param name="number">The draw, from 0.</param>
    /// <param name="a">By column: the first group's.</param>
    /// <param name="b">By column: the second's, of the same draw of what both share.</param>
    void Fill(int number, Span<double> a, Span<double> b);
}

/// <summary>A finished fit of counts that tells how many there were before some were lost.</summary>
public interface IDenoisesCounts
{
    /// <summary>What denoises.</summary>
    /// <param name="data">The data that were fitted.</param>
    /// <exception cref="ProblemException">They are not, or nothing is lost in the model.</exception>
    IDenoiser Denoiser(MatrixSource data);
}

/// <summary>Denoises row by row. Not thread-safe.</summary>
public interface IDenoiser
{
    /// <summary>Mean and standard deviation of each column's true count in a row, given what was seen.</summary>
    void Row(int row, Span<double> mean, Span<double> sd);
}
