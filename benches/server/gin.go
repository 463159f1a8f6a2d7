// A peer: the handler as one writes it first with Gin and GORM. Read the row, compare versions, save it, add a row to the log.
package main

import (
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jinzhu/gorm"
	_ "github.com/mattn/go-sqlite3"
)

type note struct {
	ID        uint `gorm:"primary_key"`
	Version   int64
	Body      string `gorm:"type:text"`
	UpdatedAt time.Time
}

type change struct {
	ID     uint `gorm:"primary_key"`
	NoteID uint
	From   int64
	To     int64
	At     time.Time
}

type asked struct {
	BaseVersion int64  `json:"base_version"`
	Body        string `json:"body"`
}

// save does all of it in one transaction; the status and the note as it is.
func save(db *gorm.DB, id string, want asked) (int, note) {
	var found note
	tx := db.Begin()
	if err := tx.First(&found, "id = ?", id).Error; err != nil {
		tx.Rollback()
		return http.StatusNotFound, found
	}
	if found.Version != want.BaseVersion {
		tx.Rollback()
		return http.StatusConflict, found
	}
	found.Version++
	found.Body = want.Body
	row := change{NoteID: found.ID, From: want.BaseVersion, To: found.Version, At: time.Now()}
	if tx.Save(&found).Error != nil || tx.Create(&row).Error != nil || tx.Commit().Error != nil {
		tx.Rollback()
		return http.StatusInternalServerError, found
	}
	return http.StatusOK, found
}

// gin PORT FILE
func main() {
	db, err := gorm.Open("sqlite3", "file:"+os.Args[2]+"?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_busy_timeout=10000")
	if err != nil {
		panic(err)
	}
	db.DB().SetMaxOpenConns(1)
	db.AutoMigrate(&note{}, &change{})
	fill := db.Begin()
	for id := uint(1); id <= 1000; id++ {
		fill.Create(&note{ID: id, Version: 1, Body: "first"})
	}
	fill.Commit()

	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.PUT("/notes/:id", func(c *gin.Context) {
		var want asked
		if c.BindJSON(&want) != nil {
			return
		}
		status, found := save(db, c.Param("id"), want)
		switch status {
		case http.StatusOK:
			c.JSON(status, gin.H{"version": found.Version})
		case http.StatusConflict:
			c.JSON(status, gin.H{"version": found.Version, "body": found.Body})
		default:
			c.Status(status)
		}
	})
	panic(router.Run("127.0.0.1:" + os.Args[1]))
}
